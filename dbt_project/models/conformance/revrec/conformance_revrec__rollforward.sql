with

cases as (
    select * from {{ conformance_cases() }} as cases
),

events as (
    select
        cases.case_id as run_id,
        given.position,
        given.element as event,
        {{ json_text('cases.inputs', 'late_billing') }} as late_billing
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'events'), 'given') }}
),

entries as (
    {{ case_entries('events') }}
),

reported as (
    select entries.*
    from entries
    inner join cases on entries.run_id = cases.case_id
    where entries.month <= {{ case_through() }}
),

balances as (
    {{ rollforward_of(
        "(select run_id as balance_id, cast(month || '-01' as date) as month_on, rule, amount from reported"
        ~ " where account = 'deferred_revenue')"
    ) }}
),

rollforwards as (
    select
        balance_id,
        jsonb_agg(
            jsonb_build_object(
                'period', {{ month_text('month_on') }},
                'opening', cast(-opening as text),
                'billed', cast(-billed as text),
                'recognised', cast(-recognised as text),
                'closing', cast(-closing as text)
            )
            order by month_on
        ) as rollforward
    from balances
    group by balance_id
),

final as (
    select
        cases.case_id,
        jsonb_build_object('rollforward', coalesce(rollforwards.rollforward, '[]')) as outputs
    from cases
    left join rollforwards on cases.case_id = rollforwards.balance_id
)

select * from final
