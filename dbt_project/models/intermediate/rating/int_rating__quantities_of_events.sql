{#-
    A view: a reader asks for one period, and its events alone are read. What it shows is what int_rating__usage_quantities should hold,
    by the same macros but without the days between.
-#}
{{ config(materialized='view') }}
{%- set keys = ['basis', 'subscription_item_id', 'period_start'] -%}

with

metered_periods as (
    {{ metered_periods_by_basis() }}
),

-- The UTC days of a period's local days prune the partitions; a level that carries over asks for all before.
bounded as (
    select
        metered_periods.*,
        case
            when carries_over then date '1970-01-01'
            else {{ add_days('first_day', -1) }}
        end as from_utc_day,
        {{ add_days('end_day', 1) }} as until_utc_day
    from metered_periods
),

final as (
    select
        bounded.basis,
        bounded.subscription_item_id,
        bounded.period_start,
        measured.event_count,
        measured.quantity
    from bounded
    cross join lateral (
        with

        metering as (
            select bounded.*
        ),

        events as (
            select
                bounded.basis,
                events.subscription_item_id,
                events.period_start,
                events.is_initial,
                events.aggregation,
                events.occurred_at,
                events.usage_on,
                events.bucket_no,
                events.quantity,
                events.event_key,
                events.operation,
                events.delivered_on,
                cast(events.load_id as text) as load_id,
                events.line_no
            from {{ ref('int_rating__metered_events') }} as events
            where
                events.subscription_item_id = bounded.subscription_item_id
                and events.period_start = bounded.period_start
                and events.account_id = bounded.account_id
                and events.meter_code = bounded.meter_code
                and events.occurred_on >= bounded.from_utc_day
                and events.occurred_on < bounded.until_utc_day
                and events.left_out_because is null
                and (bounded.basis = 'as_now_known' or events.is_known_in_time)
        ),

        states as (
            {{ usage_states('events', keys + ['is_initial'], usage_tie_break().split(',')) }}
        ),

        quantities as (
            {{ metered_quantities('metering', 'states', keys, usage_tie_break().split(',')) }}
        )

        select
            event_count,
            quantity
        from quantities
    ) as measured
)

select * from final
