{{ config(materialized='view') }}

with

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

quarantined as (
    select * from {{ ref('int_quarantine__open_records') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

-- A rejected line is old two days after its delivery: the month's billing cut-off would go by without it.
rejected as (
    select
        quarantined.load_id,
        sum(case when quarantined.reason in ('unknown_meter', 'unknown_customer') then 1 else 0 end) as unrated_count,
        sum(case
            when quarantined.reason in ('unknown_meter', 'unknown_customer', 'late_excluded') then 0
            when {{ start_of_utc_day('quarantined.delivered_on') }} < {{ add_hours('clock.as_of_at', -48) }} then 1
            else 0
        end) as aged_count
    from quarantined
    cross join clock
    group by quarantined.load_id
),

final as (
    select
        {{ load_key('loads') }} as tracking_key,
        {{ load_key('loads') }} as row_id,
        cast(null as text) as account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(loads.accepted + loads.duplicate + loads.quarantined + loads.late_excluded as numeric) as quantity,
        loads.delivered_on as business_on,
        loads.delivered_on as due_on,
        'load ' || cast(loads.load_id as text) as evidence,
        loads.duplicate as duplicate_count,
        coalesce(rejected.unrated_count, 0) as unrated_count,
        coalesce(rejected.aged_count, 0) as aged_count
    from loads
    left join rejected on loads.load_id = rejected.load_id
)

select * from final
