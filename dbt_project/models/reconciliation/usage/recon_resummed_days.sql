{#- From sums alone the sum of plain meters can be worked out again; of any other one the count of its events. -#}
{{ config(materialized='view') }}

with

resummed as (
    select * from {{ ref('recon_resummed_usage') }}
),

meters as (
    select * from {{ ref('int_usage__meters') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

closings as (
    select
        events.period,
        max(events.load_seq) as load_seq
    from {{ source('ledger', 'period_events') }} as events
    inner join {{ source('ledger', 'periods') }} as periods
        on events.entity = periods.entity and events.period = periods.period
    where events.event = 'closed' and periods.status = 'closed'
    group by events.period
),

final as (
    select
        resummed.account_id,
        coalesce(meters.meter_code, resummed.event_type) as meter_code,
        resummed.usage_on,
        cast(sum(resummed.event_count) as bigint) as event_count,
        case
            when not coalesce(min(case when meters.is_detailed then 1 else 0 end) = 1, false)
                then coalesce(sum(resummed.quantity_sum), 0)
        end as quantity_sum,
        cast(
            sum(case when loads.load_seq > closings.load_seq then resummed.event_count else 0 end) as bigint
        ) as late_count,
        'events in ' || {{ joined_text(file_of_load('loads')) }} as evidence
    from resummed
    inner join loads on resummed.load_id = loads.load_id
    left join meters on resummed.event_type = meters.event_type
    left join closings on {{ month_start('resummed.usage_on') }} = closings.period
    group by resummed.account_id, coalesce(meters.meter_code, resummed.event_type), resummed.usage_on
)

select * from final
