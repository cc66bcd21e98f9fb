with

lines as (
    select * from {{ ref('int_rating__rateable_lines') }}
),

buckets as (
    select * from {{ ref('int_rating__usage_bucket_quantities') }}
),

measured as (
    select
        lines.*,
        cast(1 as bigint) as part_no,
        lines.quantity as part_quantity
    from lines
    where lines.price_per = 'period'
    union all
    select
        lines.*,
        cast(buckets.bucket_no as bigint) as part_no,
        buckets.quantity as part_quantity
    from lines
    inner join buckets
        on
            lines.basis = buckets.basis
            and lines.subscription_item_id = buckets.subscription_item_id
            and lines.period_start = buckets.period_start
    where lines.price_per <> 'period' and lines.line_kind = 'usage'
),

quantities as (
    select
        charge_id,
        basis,
        part_no,
        price_code,
        charge_model,
        currency,
        unit_amount_minor,
        package_size,
        partial_package,
        block_mode,
        zero_usage,
        tier_select,
        included_quantity,
        part_quantity as quantity,
        1 as quantity_denominator,
        conversion_operation as operation,
        conversion_factor as factor,
        1 as factor_denominator,
        conversion_rounding_mode as rounding_mode,
        conversion_precision as precision_digits
    from measured
),

converted as (
    {{ convert_units('quantities') }}
),

over_allowance as {{ once() }} (
    select
        converted.*,
        case
            when included_quantity is null then converted_numerator
            else {{ units_over_allowance('converted_numerator', times('included_quantity', 'converted_denominator')) }}
        end as rated_numerator
    from converted
),

final as (
    select
        charge_id,
        basis,
        part_no,
        price_code,
        charge_model,
        currency,
        quantity as measured_quantity,
        rated_numerator,
        converted_denominator as rated_denominator,
        case
            when converted_denominator = 1 then rated_numerator
            else {{ divide('rated_numerator', 'converted_denominator') }}
        end as rated_quantity,
        unit_amount_minor,
        package_size,
        partial_package,
        block_mode,
        zero_usage,
        tier_select
    from over_allowance
)

select * from final
