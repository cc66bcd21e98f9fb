with

lines as (
    select * from {{ ref('int_revenue__recognisable_lines') }}
    where recognition_method = 'usage'
),

meters as (
    select * from {{ ref('stg_catalog__meters') }}
),

usage_days as (
    select * from {{ ref('int_usage__daily') }}
),

months as (
    select
        lines.*,
        months.month_on
    from lines
    cross join {{ month_series('lines.service_start_on', 'lines.service_end_on', 'months') }}
),

-- Everything of the line's period that was used up to the end of each month, aggregated as the meter says.
final as (
    select
        months.invoice_line_id,
        months.month_on,
        months.price_code,
        months.net_minor,
        coalesce(
            case
                when min(meters.aggregation) = 'max' then max(usage_days.quantity)
                else sum(usage_days.quantity)
            end,
            0
        ) as quantity_to_date
    from months
    left join meters on months.meter_code = meters.meter_code
    left join usage_days
        on
            months.account_id = usage_days.account_id
            and months.meter_code = usage_days.meter_code
            and months.service_start_on <= usage_days.usage_on
            and months.service_end_on > usage_days.usage_on
            and {{ add_months_to_date('months.month_on', 1) }} > usage_days.usage_on
    group by months.invoice_line_id, months.month_on, months.price_code, months.net_minor
)

select * from final
