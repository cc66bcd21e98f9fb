{{ config(materialized='view') }}

with

months as (
    select * from {{ ref('recon_ledger_gate__periods') }}
),

closed as (
    select * from {{ source('ledger', 'periods') }}
    where status = 'closed'
),

events as (
    select * from {{ source('ledger', 'period_events') }}
    where event = 'closed'
),

reproductions as (
    select * from {{ source('ledger', 'reproductions') }}
),

-- A month that was opened and closed again has several closings; the last one is what it holds.
closings as (
    select
        closed.entity,
        closed.period,
        max(events.event_no) as event_no
    from closed
    inner join events on closed.entity = events.entity and closed.period = events.period
    group by closed.entity, closed.period
),

newest as (
    select
        entity,
        event_no,
        max(reproduction_no) as reproduction_no
    from reproductions
    group by entity, event_no
),

outcomes as (
    select
        closings.entity,
        closings.period,
        reproductions.is_identical,
        reproductions.difference_count,
        reproductions.first_difference
    from closings
    left join newest on closings.entity = newest.entity and closings.event_no = newest.event_no
    left join reproductions
        on
            newest.entity = reproductions.entity
            and newest.event_no = reproductions.event_no
            and newest.reproduction_no = reproductions.reproduction_no
),

before_the_month as (
    select
        months.entity,
        months.period_month,
        outcomes.period,
        outcomes.is_identical,
        outcomes.difference_count,
        outcomes.first_difference,
        outcomes.period = max(outcomes.period) over (partition by months.entity, months.period_month) as is_last
    from months
    inner join outcomes on months.entity = outcomes.entity and months.period_month > outcomes.period
),

-- Of the last closed month it must be known that it comes out the same; of those before, nothing else may be known.
final as (
    select
        entity,
        period_month,
        'reproduction' as gate,
        'xxx' as currency,
        case
            when is_identical is null
                then
                    {{ month_text('period') }} || ' was not built again since it closed: tieout close reproduce '
                    || {{ month_text('period') }}
            else {{ month_text('period') }} || ' comes out differently: ' || first_difference
        end as reason,
        cast(case when difference_count > 0 then difference_count else 1 end as bigint) as row_count,
        cast(null as bigint) as amount_minor
    from before_the_month
    where is_identical is false or (is_identical is null and is_last)
)

select * from final
