{#- A view: each reader asks for its own periods, and a copy would be as large as the history. -#}
{{ config(materialized='view') }}

{%- set of_parts = [
    'quantity_min', 'quantity_max', 'quantity_seconds', 'was_added', 'latest_at', 'latest_delivered_on',
    'latest_load_id', 'latest_line_no', 'latest_quantity', 'is_present',
] %}
{%- set of_plain_days -%}
cast(null as {{ exact_number() }}) as quantity_min,
        cast(null as {{ exact_number() }}) as quantity_max,
        cast(null as {{ exact_number() }}) as quantity_seconds,
        cast(null as boolean) as was_added,
        cast(null as {{ instant_type() }}) as latest_at,
        cast(null as date) as latest_delivered_on,
        cast(null as {{ text_type() }}) as latest_load_id,
        cast(null as bigint) as latest_line_no,
        cast(null as {{ exact_number() }}) as latest_quantity,
        cast(null as boolean) as is_present
{%- endset %}

with

metered_periods as (
    select * from {{ ref('int_rating__metered_periods') }}
),

usage_daily as (
    select * from {{ ref('int_usage__daily') }}
),

late_events as (
    select * from {{ ref('int_usage__late_events') }}
),

meters as (
    select * from {{ ref('int_usage__meters') }}
),

parts as (
    select * from {{ ref('int_usage__daily_parts') }}
),

-- The sum and the count of a day hold its late events too: each is taken off the day and stands beside it, known
-- when it was recorded.
late_shares as (
    select
        late_events.account_id,
        late_events.meter_code,
        late_events.usage_on,
        {{ start_of_utc_day('late_events.usage_on') }} as known_at,
        -1 as share,
        late_events.quantity
    from late_events
    union all
    select
        late_events.account_id,
        late_events.meter_code,
        late_events.usage_on,
        late_events.recorded_at as known_at,
        1 as share,
        late_events.quantity
    from late_events
),

states as (
    select
        account_id,
        meter_code,
        usage_on,
        {{ start_of_utc_day('usage_on') }} as known_at,
        false as is_late,
        '' as group_key,
        '' as transaction_key,
        cast(0 as bigint) as bucket_no,
        '' as part_key,
        event_count,
        event_count as quantity_count,
        quantity_sum,
        {{ of_plain_days }}
    from usage_daily
    where quantity_sum is not null
    union all
    select
        late_shares.account_id,
        late_shares.meter_code,
        late_shares.usage_on,
        late_shares.known_at,
        true as is_late,
        '' as group_key,
        '' as transaction_key,
        cast(0 as bigint) as bucket_no,
        '' as part_key,
        late_shares.share as event_count,
        late_shares.share as quantity_count,
        late_shares.share * late_shares.quantity as quantity_sum,
        {{ of_plain_days }}
    from late_shares
    inner join meters on late_shares.meter_code = meters.meter_code and not meters.is_detailed
    union all
    select
        account_id,
        meter_code,
        usage_on,
        known_at,
        known_at > {{ start_of_utc_day('usage_on') }} as is_late,
        group_key,
        transaction_key,
        bucket_no,
        part_key,
        event_count,
        quantity_count,
        quantity_sum,
        {{ of_parts | join(',\n        ') }}
    from parts
),

final as (
    select
        metered_periods.subscription_item_id,
        metered_periods.period_start,
        states.usage_on < metered_periods.first_day as is_initial,
        states.is_late,
        {{ is_known_by('states.known_at', 'metered_periods.cut_off_at') }} as is_known_in_time,
        states.usage_on,
        states.group_key,
        states.transaction_key,
        states.bucket_no,
        states.part_key,
        states.event_count,
        states.quantity_count,
        states.quantity_sum,
        states.{{ of_parts | join(',\n        states.') }}
    from metered_periods
    inner join states
        on
            metered_periods.account_id = states.account_id
            and metered_periods.meter_code = states.meter_code
            and metered_periods.end_day > states.usage_on
            and (metered_periods.first_day <= states.usage_on or metered_periods.carries_over)
)

select * from final
