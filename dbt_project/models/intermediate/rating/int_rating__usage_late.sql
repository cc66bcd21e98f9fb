with

states as (
    select * from {{ ref('int_rating__usage_states') }}
    where is_late and not is_known_in_time
),

final as (
    select
        subscription_item_id,
        period_start,
        cast(sum(event_count) as bigint) as event_count
    from states
    group by subscription_item_id, period_start
)

select * from final
