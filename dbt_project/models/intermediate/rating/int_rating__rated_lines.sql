{%- set parts_of = ['charge_id', 'basis', 'part_no'] -%}
with

lines as (
    select * from {{ ref('int_rating__rateable_lines') }}
),

parts as (
    select
        charge_id,
        basis,
        part_no,
        charge_model,
        rated_quantity,
        rated_numerator as quantity,
        0 as billed,
        rated_denominator as quantity_denominator,
        {{ times('package_size', 'rated_denominator') }} as package_size,
        0 as free_quantity,
        partial_package,
        unit_amount_minor as unit_amount,
        rated_denominator as amount_denominator
    from {{ ref('int_rating__rated_quantities') }}
),

part_totals as (
    select
        charge_id,
        basis,
        part_no,
        sum(amount_numerator) as amount_numerator
    from {{ ref('int_rating__part_amounts') }}
    group by charge_id, basis, part_no
),

priced_parts as (
    {{ amounts_of_lines('parts', 'part_totals', parts_of) }}
),

wholes as (
    select
        charge_id,
        basis,
        sum(rated_quantity) as rated_quantity,
        sum(packages) as packages,
        sum(amount_numerator) as amount_numerator,
        max(amount_denominator) as amount_denominator
    from priced_parts
    group by charge_id, basis
),

-- A commitment is a period's; its share is that of the charge. Everything here is a numerator over shared_denominator.
windows as (
    select
        lines.*,
        coalesce(wholes.rated_quantity, 0) as rated_quantity,
        wholes.packages,
        coalesce(wholes.amount_numerator, 0) as amount_numerator,
        coalesce(wholes.amount_denominator, 1) as amount_denominator,
        {{ times('coalesce(wholes.amount_denominator, 1)', 'lines.share_whole') }} as shared_denominator,
        {{ times('coalesce(wholes.amount_numerator, 0)', 'lines.share_active') }} as cost_amount,
        lines.unit_amount_minor as unit_amount,
        {{ times(
            times('lines.commitment_value', 'coalesce(wholes.amount_denominator, 1)'), 'lines.share_active'
        ) }} as shared_commitment
    from lines
    left join wholes on lines.charge_id = wholes.charge_id and lines.basis = wholes.basis
),

committed as (
    {{ commitment_amounts('windows', value='shared_commitment') }}
),

charged as {{ once() }} (
    select
        committed.*,
        case
            when commitment_type is null then cost_amount
            else utilized + overage + true_up
        end as charged_numerator
    from committed
),

rounded as {{ once() }} (
    select
        charged.*,
        {{ round_ratio_as('charged_numerator', 'shared_denominator', '0', 'rounding_mode') }} as amount,
        0 as previously_billed,
        case
            when quantity >= 0
                then {{ round_ratio_as(
                    times('minimum_amount_minor', 'share_active'), 'share_whole', '0', 'rounding_mode'
                ) }}
        end as minimum_amount,
        {{ round_ratio_as(times('maximum_amount_minor', 'share_active'), 'share_whole', '0', 'rounding_mode') }}
            as maximum_amount,
        true as is_last_line
    from charged
),

bounded as (
    {{ bounded_amounts('rounded') }}
),

final as (
    select
        charge_id,
        charge_key,
        basis,
        billing_system,
        account_id,
        subscription_id,
        subscription_item_id,
        price_code,
        price_version,
        charge_model,
        meter_code,
        line_kind,
        period_start,
        period_end,
        quantity,
        rated_quantity,
        packages,
        unit_amount_minor,
        negotiated_amount_minor,
        discount_percent,
        currency,
        direction,
        billed_at,
        convention_from,
        rounding_mode,
        proration_unit,
        share_active,
        share_whole,
        case
            when amount_denominator = 1 then amount_numerator
            else {{ divide('amount_numerator', 'amount_denominator') }}
        end as whole_amount_exact,
        case when commitment_type is not null then {{ divide('utilized', 'shared_denominator') }} end
            as commitment_used_exact,
        case when commitment_type is not null then {{ divide('overage', 'shared_denominator') }} end as overage_exact,
        case when commitment_type is not null then {{ divide('true_up', 'shared_denominator') }} end as true_up_exact,
        direction * {{ divide('charged_numerator', 'shared_denominator') }} as gross_exact,
        cast(direction * amount as bigint) as rated_minor,
        cast(direction * max_discount as bigint) as over_maximum_minor,
        cast(direction * min_top_up as bigint) as to_minimum_minor,
        cast(direction * minimum_amount as bigint) as minimum_minor,
        cast(direction * bounded_amount as bigint) as gross_minor
    from bounded
)

select * from final
