with

records as (
    select * from {{ latest_version(source('stripe', 'refunds')) }} as latest
),

final as (
    select
        record_id as refund_id,
        {{ json_reference('payload', 'charge') }} as charge_id,
        {{ json_reference('payload', 'payment_intent') }} as payment_intent_id,
        {{ json_reference('payload', 'balance_transaction') }} as balance_transaction_id,
        {{ json_reference('payload', 'failure_balance_transaction') }} as failure_balance_transaction_id,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('payload', 'amount'), json_text('payload', 'currency')) }} as amount_minor,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'reason') }} as reason,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
