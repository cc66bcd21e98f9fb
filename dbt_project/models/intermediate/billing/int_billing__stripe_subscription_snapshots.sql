with

versions as (
    select * from {{ ref('stg_stripe__subscription_versions') }}
),

-- Of several events in one second the last one counts: the earlier ones last no time.
final as (
    select
        event_id,
        subscription_id,
        customer_id,
        account_id,
        currency,
        valid_from,
        valid_to,
        status,
        status in ('trialing', 'active', 'past_due', 'unpaid') as is_in_service,
        start_at,
        anchor_at,
        trial_end_at,
        ended_at,
        pause_behavior,
        pause_resumes_at,
        coupon_id,
        discount_start_at,
        discount_end_at
    from versions
    where valid_to is null or valid_from < valid_to
)

select * from final
