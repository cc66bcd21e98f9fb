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
        prices.package_size,
        coalesce(lines.negotiated_amount_minor, prices.unit_amount_minor) as unit_amount_minor,
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
