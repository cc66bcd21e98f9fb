with

usage_periods as (
    select * from {{ ref('int_rating__usage_periods') }}
),

known_now as (
    select * from {{ ref('int_rating__usage_known_now') }}
),

late as (
    select * from {{ ref('int_rating__usage_late') }}
),

peaks_in_time as (
    select * from {{ ref('int_rating__usage_peaks_in_time') }}
),

final as (
    select
        usage_periods.*,
        coalesce(known_now.quantity, 0) as quantity_as_now_known,
        case
            when late.event_count is null then coalesce(known_now.quantity, 0)
            when usage_periods.aggregation = 'max' then coalesce(peaks_in_time.quantity, 0)
            else coalesce(known_now.quantity, 0) - late.quantity
        end as quantity_as_invoiced,
        coalesce(late.event_count, 0) as late_event_count
    from usage_periods
    left join known_now
        on
            usage_periods.subscription_item_id = known_now.subscription_item_id
            and usage_periods.period_start = known_now.period_start
    left join late
        on
            usage_periods.subscription_item_id = late.subscription_item_id
            and usage_periods.period_start = late.period_start
    left join peaks_in_time
        on
            usage_periods.subscription_item_id = peaks_in_time.subscription_item_id
            and usage_periods.period_start = peaks_in_time.period_start
)

select * from final
