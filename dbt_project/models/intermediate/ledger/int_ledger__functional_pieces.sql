with

functional_lines as (
    select * from {{ ref('int_ledger__functional_lines') }}
    where functional_net_minor is not null
),

lines as (
    select
        ledger_line_id as line_id,
        billed_on,
        is_accrued_before_billing as accrues
    from {{ ref('int_ledger__lines') }}
),

pieces as (
    select * from {{ ref('int_ledger__plan_pieces') }}
),

recognisable as (
    select
        billing_system || '|' || invoice_line_id as line_id,
        recognition_method = 'straight_line' and granularity = 'daily' as is_by_days
    from {{ ref('int_revenue__recognisable_lines') }}
),

-- Months as they were planned before an invoice cut them.
planned_months as (
    select
        line_id,
        {{ month_start('from_on') }} as month_on,
        min(from_on) as from_on,
        max(until_on) as until_on,
        sum(amount) as amount
    from pieces
    group by line_id, {{ month_start('from_on') }}
),

-- What is earned by days is earned by days in every currency; all else in proportion to the plan.
items as (
    select
        planned_months.line_id,
        planned_months.line_id as split_id,
        planned_months.month_on as item_no,
        planned_months.from_on,
        planned_months.until_on,
        functional_lines.functional_net_minor as total,
        case
            when coalesce(recognisable.is_by_days, true)
                then greatest({{ days_between('planned_months.from_on', 'planned_months.until_on') }}, 1)
            else planned_months.amount * case when functional_lines.net_minor < 0 then -1 else 1 end
        end as weight,
        1 as unit
    from planned_months
    inner join functional_lines on planned_months.line_id = functional_lines.ledger_line_id
    left join recognisable on planned_months.line_id = recognisable.line_id
),

shares as (
    {{ spread('items', signed=true) }}
),

months as (
    select
        line_id,
        from_on,
        until_on,
        cast(coalesce(part, 0) as bigint) as amount
    from shares
),

final as (
    {{ plan_pieces('months', 'lines') }}
)

select * from final
