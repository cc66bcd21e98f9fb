{#- A period starts where the one before it ended. Rows: periods that do not. -#}
with

periods as (
    select
        billing_system,
        subscription_id,
        billing_interval,
        interval_count,
        period_no,
        period_start,
        lag(period_end) over (
            partition by billing_system, subscription_id, billing_interval, interval_count
            order by period_start
        ) as previous_end
    from {{ ref('int_billing__billing_periods') }}
)

select * from periods
where previous_end is not null and period_start <> previous_end
