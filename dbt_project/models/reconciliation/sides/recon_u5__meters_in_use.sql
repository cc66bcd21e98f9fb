{#-
    Live meters that are in use: the last day of use is no longer ago than 99 of 100 pauses of this account and meter
    lasted. A week is never long, and who used a meter on fewer than 20 days has no habit.
-#}
{{ config(materialized='view') }}

with

live as (
    select * from {{ ref('recon_u5__live_meters') }}
),

usage_daily as (
    select * from {{ ref('int_usage__daily') }}
    where event_count > 0
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

last_days as (
    select
        account_id,
        meter_code,
        max(usage_on) as last_on,
        count(*) as day_count
    from usage_daily
    group by account_id, meter_code
),

-- Only who paused for more than a week is asked for the length of the pauses before.
paused as (
    select
        last_days.*,
        {{ days_between('last_days.last_on', 'clock.as_of_on') }} as pause_days
    from last_days
    cross join clock
    where last_days.day_count >= 20 and {{ days_between('last_days.last_on', 'clock.as_of_on') }} > 7
),

gaps as (
    select
        usage_daily.account_id,
        usage_daily.meter_code,
        {{ days_between(
            'lag(usage_daily.usage_on) over ('
            ~ 'partition by usage_daily.account_id, usage_daily.meter_code order by usage_daily.usage_on)',
            'usage_daily.usage_on',
        ) }} as gap_days
    from usage_daily
    inner join paused on usage_daily.account_id = paused.account_id and usage_daily.meter_code = paused.meter_code
),

ordinary as (
    select
        account_id,
        meter_code,
        percentile_disc(0.99) within group (order by gap_days) as gap_days
    from gaps
    where gap_days is not null
    group by account_id, meter_code
),

silent as (
    select
        paused.account_id,
        paused.meter_code
    from paused
    inner join ordinary on paused.account_id = ordinary.account_id and paused.meter_code = ordinary.meter_code
    where paused.pause_days > ordinary.gap_days
),

final as (
    select
        live.tracking_key,
        live.row_id,
        live.account_id,
        live.currency,
        live.amount_minor,
        live.quantity,
        live.business_on,
        live.due_on,
        'usage of ' || live.tracking_key as evidence
    from live
    left join silent on live.tracking_key = silent.account_id || '|' || silent.meter_code
    where silent.account_id is null
)

select * from final
