with

snapshots as (
    select * from {{ ref('int_billing__stripe_subscription_snapshots') }}
),

followed as (
    select
        subscription_id,
        pause_behavior,
        valid_from,
        case
            when valid_to is null or pause_resumes_at < valid_to then pause_resumes_at
            else valid_to
        end as valid_to,
        lag(pause_behavior) over subscription_history as previous_behavior,
        lag(valid_to) over subscription_history as previous_valid_to,
        lag(pause_resumes_at) over subscription_history as previous_resumes_at
    from snapshots
    window subscription_history as (partition by subscription_id order by valid_from)
),

-- A change of something else, or of the day on which it ends, goes on with the pause that is running.
marked as (
    select
        followed.*,
        case
            when
                pause_behavior = previous_behavior
                and valid_from = previous_valid_to
                and (previous_resumes_at is null or previous_resumes_at >= valid_from)
                then 0
            else 1
        end as starts_pause
    from followed
    where pause_behavior is not null and (valid_to is null or valid_to > valid_from)
),

numbered as (
    select
        marked.*,
        sum(starts_pause) over (
            partition by subscription_id order by valid_from rows unbounded preceding
        ) as pause_no
    from marked
),

final as (
    select
        'stripe' as billing_system,
        subscription_id,
        pause_no,
        pause_behavior,
        min(valid_from) as valid_from,
        case when bool_or(valid_to is null) then null else max(valid_to) end as valid_to
    from numbered
    group by subscription_id, pause_no, pause_behavior
)

select * from final
