with

records as (
    select * from {{ latest_version(source('stripe', 'subscriptions')) }} as latest
),

final as (
    select
        record_id as subscription_id,
        {{ json_reference('payload', 'customer') }} as customer_id,
        {{ json_text('payload', 'metadata', 'account_id') }} as account_id,
        {{ json_text('payload', 'status') }} as status,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ json_text('payload', 'collection_method') }} as collection_method,
        {{ to_bigint(json_text('payload', 'days_until_due')) }} as days_until_due,
        {{ epoch_to_timestamp(json_text('payload', 'start_date')) }} as start_at,
        {{ epoch_to_timestamp(json_text('payload', 'billing_cycle_anchor')) }} as anchor_at,
        {{ epoch_to_timestamp(coalesced([
            json_text('payload', 'current_period_start'),
            json_text('payload', 'items', 'data', 0, 'current_period_start'),
        ])) }} as current_period_start_at,
        {{ epoch_to_timestamp(coalesced([
            json_text('payload', 'current_period_end'),
            json_text('payload', 'items', 'data', 0, 'current_period_end'),
        ])) }} as current_period_end_at,
        {{ epoch_to_timestamp(json_text('payload', 'trial_start')) }} as trial_start_at,
        {{ epoch_to_timestamp(json_text('payload', 'trial_end')) }} as trial_end_at,
        {{ epoch_to_timestamp(json_text('payload', 'cancel_at')) }} as cancel_at,
        {{ epoch_to_timestamp(json_text('payload', 'canceled_at')) }} as canceled_at,
        {{ to_boolean(json_text('payload', 'cancel_at_period_end')) }} as is_cancel_at_period_end,
        {{ epoch_to_timestamp(json_text('payload', 'ended_at')) }} as ended_at,
        coalesce(
            {{ json_reference('payload', 'discount', 'coupon') }},
            {{ json_reference('payload', 'discounts', 0, 'coupon') }},
            {{ json_reference('payload', 'discounts', 0, 'source', 'coupon') }}
        ) as coupon_id,
        {{ epoch_to_timestamp(coalesced([
            json_text('payload', 'discount', 'start'),
            json_text('payload', 'discounts', 0, 'start'),
        ])) }} as discount_start_at,
        {{ epoch_to_timestamp(coalesced([
            json_text('payload', 'discount', 'end'),
            json_text('payload', 'discounts', 0, 'end'),
        ])) }} as discount_end_at,
        {{ json_reference('payload', 'latest_invoice') }} as latest_invoice_id,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
