with

lines as (
    select
        ledger_line_id as line_id,
        billed_on,
        is_accrued_before_billing as accrues
    from {{ ref('int_ledger__lines') }}
),

all_lines as (
    select * from {{ ref('int_ledger__lines') }}
),

schedules as (
    select * from {{ ref('int_revenue__schedules') }}
),

scheduled as (
    select
        billing_system || '|' || invoice_line_id as line_id,
        earned_from_on as from_on,
        earned_until_on as until_on,
        amount_minor as amount
    from schedules
),

-- Lines of voided invoices and what is not invoiced yet have no schedule of their own: by days of service.
unscheduled as (
    select
        all_lines.ledger_line_id as line_id,
        cast(all_lines.net_minor as numeric) as amount_minor,
        all_lines.period_start as service_start_at,
        all_lines.period_end as service_end_at,
        cast(null as integer) as term_months,
        'daily' as granularity,
        'largest_remainder' as leftover_units,
        coalesce({{ utc_date('all_lines.period_start') }}, all_lines.billed_on) as starts_on,
        {{ utc_date('all_lines.period_end') }} as ends_on
    from all_lines
    left join scheduled on all_lines.ledger_line_id = scheduled.line_id
    where scheduled.line_id is null
),

dated as (
    select
        unscheduled.*,
        starts_on as service_start_on,
        case when ends_on > starts_on then ends_on else {{ add_days('starts_on', 1) }} end as service_end_on
    from unscheduled
),

by_days as (
    {{ schedule_months('dated') }}
),

months as (
    select * from scheduled
    union all
    select
        line_id,
        earned_from_on as from_on,
        earned_until_on as until_on,
        cast(amount_minor as bigint) as amount
    from by_days
),

final as (
    {{ plan_pieces('months', 'lines') }}
)

select * from final
