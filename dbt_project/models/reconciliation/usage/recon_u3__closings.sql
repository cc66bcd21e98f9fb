{{ config(materialized='view') }}

with

events as (
    select * from {{ source('ledger', 'period_events') }}
    where event = 'closed'
),

closed as (
    select * from {{ source('ledger', 'periods') }}
    where status = 'closed'
),

final as (
    select
        events.period,
        max(events.load_seq) as load_seq
    from events
    inner join closed on events.entity = closed.entity and events.period = closed.period
    group by events.period
)

select * from final
