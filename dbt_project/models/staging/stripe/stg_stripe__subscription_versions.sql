with

snapshots as (
    select * from {{ ref('stg_stripe__subscription_snapshots') }}
),

final as (
    select
        subscription_id,
        event_id,
        event_type,
        valid_from as effective_at,
        valid_from,
        valid_to,
        {{ json_reference('snapshot', 'customer') }} as customer_id,
        {{ json_text('snapshot', 'metadata', 'account_id') }} as account_id,
        {{ json_text('snapshot', 'status') }} as status,
        lower({{ json_text('snapshot', 'currency') }}) as currency,
        {{ epoch_to_timestamp(json_text('snapshot', 'start_date')) }} as start_at,
        {{ epoch_to_timestamp(json_text('snapshot', 'billing_cycle_anchor')) }} as anchor_at,
        {{ epoch_to_timestamp(json_text('snapshot', 'trial_start')) }} as trial_start_at,
        {{ epoch_to_timestamp(json_text('snapshot', 'trial_end')) }} as trial_end_at,
        {{ to_boolean(json_text('snapshot', 'cancel_at_period_end')) }} as is_cancel_at_period_end,
        {{ epoch_to_timestamp(json_text('snapshot', 'cancel_at')) }} as cancel_at,
        {{ epoch_to_timestamp(json_text('snapshot', 'canceled_at')) }} as canceled_at,
        {{ epoch_to_timestamp(json_text('snapshot', 'ended_at')) }} as ended_at,
        {{ json_text('snapshot', 'pause_collection', 'behavior') }} as pause_behavior,
        {{ epoch_to_timestamp(json_text('snapshot', 'pause_collection', 'resumes_at')) }} as pause_resumes_at,
        {{ coalesced([
            json_reference('snapshot', 'discount', 'coupon'),
            json_reference('snapshot', 'discounts', 0, 'coupon'),
            json_reference('snapshot', 'discounts', 0, 'source', 'coupon'),
        ]) }} as coupon_id,
        {{ epoch_to_timestamp(coalesced([
            json_text('snapshot', 'discount', 'start'), json_text('snapshot', 'discounts', 0, 'start')
        ])) }} as discount_start_at,
        {{ epoch_to_timestamp(coalesced([
            json_text('snapshot', 'discount', 'end'), json_text('snapshot', 'discounts', 0, 'end')
        ])) }} as discount_end_at,
        load_id,
        line_no,
        delivered_on
    from snapshots
)

select * from final
