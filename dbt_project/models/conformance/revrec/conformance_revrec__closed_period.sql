with

cases as (
    select
        *,
        {{ json_text('inputs', 'closed_through') }} as closed_through
    from {{ conformance_cases() }} as cases
),

known as (
    select
        cases.case_id || '|known' as run_id,
        given.position,
        given.element as event,
        {{ json_text('cases.inputs', 'late_billing') }} as late_billing
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'known_before'), 'given') }}
),

late as (
    select
        cases.case_id || '|all' as run_id,
        1000000 + given.position as position,
        given.element as event,
        {{ json_text('cases.inputs', 'late_billing') }} as late_billing
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'late'), 'given') }}
),

events as (
    select * from known
    union all
    select
        cases.case_id || '|all' as run_id,
        known.position,
        known.event,
        known.late_billing
    from known
    inner join cases on known.run_id = cases.case_id || '|known'
    union all
    select * from late
),

entries as (
    {{ case_entries('events') }}
),

sums as (
    select
        cases.case_id,
        cases.closed_through,
        entries.month,
        entries.account,
        sum(case when entries.run_id = cases.case_id || '|all' then entries.amount else 0 end) as amount_now,
        sum(case when entries.run_id = cases.case_id || '|known' then entries.amount else 0 end) as amount_then
    from entries
    inner join cases on entries.run_id in (cases.case_id || '|all', cases.case_id || '|known')
    group by cases.case_id, cases.closed_through, entries.month, entries.account
),

-- Months that are closed keep what was known; what is known now goes to the first open month.
posted as (
    select
        case_id,
        month as original_period,
        account,
        month as posted_period,
        amount_then as amount,
        false as is_adjustment
    from sums
    where month <= closed_through
    union all
    select
        case_id,
        month,
        account,
        {{ month_text(add_months_to_date("cast(closed_through || '-01' as date)", 1)) }},
        amount_now - amount_then,
        true
    from sums
    where month <= closed_through and amount_now <> amount_then
    union all
    select
        case_id,
        month,
        account,
        month,
        amount_now,
        false
    from sums
    where month > closed_through
),

posted_by_month as (
    select
        posted.case_id as run_id,
        posted.posted_period as month,
        posted.account,
        posted.amount
    from posted
    inner join cases on posted.case_id = cases.case_id
    where posted.posted_period <= {{ case_through() }}
),

movements as (
    {{ case_movements('posted_by_month') }}
),

adjustments as (
    select
        case_id,
        jsonb_agg(
            jsonb_build_object(
                'posted_period', posted_period,
                'original_period', original_period,
                'account', account,
                'amount', cast(amount as text)
            )
            order by original_period, account
        ) as adjustments
    from posted
    where is_adjustment
    group by case_id
),

final as (
    select
        cases.case_id,
        jsonb_build_object(
            'movements', coalesce(movements.movements, '{}'),
            'adjustments', coalesce(adjustments.adjustments, '[]')
        ) as outputs
    from cases
    left join movements on cases.case_id = movements.run_id
    left join adjustments on cases.case_id = adjustments.case_id
)

select * from final
