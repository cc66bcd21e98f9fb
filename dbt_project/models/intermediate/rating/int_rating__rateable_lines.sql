with

lines as (
    select * from {{ ref('int_rating__recurring_lines') }}
    union all
    select * from {{ ref('int_rating__proration_lines') }}
    union all
    select * from {{ ref('int_rating__assisted_lines') }}
    union all
    select * from {{ ref('int_rating__usage_lines') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

conventions as (
    select * from {{ ref('int_catalog__conventions') }}
),

final as (
    select
        {{ line_key('lines', instant_text) }} as charge_id,
        {{ line_key('lines', utc_date_text) }} as charge_key,
        lines.*,
        prices.charge_model,
        prices.meter_code,
        prices.price_version,
        prices.price_per,
        prices.package_size,
        prices.partial_package,
        prices.block_mode,
        case when lines.line_kind = 'usage' then prices.included_quantity end as included_quantity,
        prices.conversion_operation,
        prices.conversion_factor,
        prices.conversion_rounding_mode,
        prices.conversion_precision,
        coalesce(lines.negotiated_amount_minor, prices.unit_amount_minor) as unit_amount_minor,
        prices.minimum_amount_minor,
        prices.maximum_amount_minor,
        prices.commitment_type,
        prices.commitment_value,
        prices.commitment_overage_factor,
        prices.commitment_true_up,
        coalesce(prices.zero_usage, conventions.zero_usage) as zero_usage,
        conventions.tier_select,
        conventions.rounding_mode,
        conventions.valid_from as convention_from,
        conventions.proration_unit,
        {{ share_units('conventions.proration_unit', 'lines.active_start', 'lines.active_end') }} as share_active,
        {{ share_units('conventions.proration_unit', 'lines.whole_start', 'lines.whole_end') }} as share_whole
    from lines
    inner join prices on lines.price_code = prices.price_code
    inner join conventions
        on
            lines.billing_system = conventions.billing_system
            and {{ utc_date('lines.billed_at') }} >= conventions.valid_from
            and ({{ utc_date('lines.billed_at') }} < conventions.valid_to or conventions.valid_to is null)
)

select * from final
