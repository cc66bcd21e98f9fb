{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

events as (
    select * from {{ ref('int_usage__events') }}
),

windows as (
    select
        source,
        {{ utc_date('occurred_at') }} as window_on,
        count(*) as event_count,
        sum(quantity) as quantity_sum
    from events
    group by source, {{ utc_date('occurred_at') }}
),

final as (
    select
        {{ usage_window_key('source', 'window_on') }} as tracking_key,
        {{ usage_window_key('source', 'window_on') }} as row_id,
        source,
        cast(null as text) as account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(event_count as numeric) as quantity,
        window_on as business_on,
        {{ add_days('window_on', 1) }} as due_on,
        'events of ' || source || ' on ' || {{ date_text('window_on') }} as evidence,
        0 as manifest_count,
        quantity_sum
    from windows
)

select * from final
