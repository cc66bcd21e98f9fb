with

lines as (
    select
        invoice_line_id as line_id,
        net_minor as amount_minor,
        service_start_on,
        service_end_on,
        period_start as service_start_at,
        period_end as service_end_at,
        cast(null as integer) as term_months,
        granularity,
        leftover_units
    from {{ ref('int_revenue__recognisable_lines') }}
    where recognition_method = 'straight_line'
),

months as (
    {{ schedule_months('lines') }}
),

final as (
    select
        line_id as invoice_line_id,
        month_on,
        earned_from_on,
        earned_until_on,
        cast(amount_minor as bigint) as amount_minor
    from months
)

select * from final
