with

records as (
    select * from {{ latest_version(source('stripe', 'charges')) }} as latest
),

final as (
    select
        record_id as charge_id,
        {{ json_reference('payload', 'customer') }} as customer_id,
        {{ json_reference('payload', 'invoice') }} as invoice_id,
        {{ json_reference('payload', 'payment_intent') }} as payment_intent_id,
        {{ json_reference('payload', 'balance_transaction') }} as balance_transaction_id,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('payload', 'amount'), json_text('payload', 'currency')) }} as amount_minor,
        {{ stripe_minor(
            json_text('payload', 'amount_captured'),
            json_text('payload', 'currency')
        ) }} as amount_captured_minor,
        {{ stripe_minor(
            json_text('payload', 'amount_refunded'),
            json_text('payload', 'currency')
        ) }} as amount_refunded_minor,
        {{ json_text('payload', 'status') }} as status,
        {{ to_boolean(json_text('payload', 'paid')) }} as is_paid,
        {{ to_boolean(json_text('payload', 'captured')) }} as is_captured,
        {{ to_boolean(json_text('payload', 'refunded')) }} as is_refunded,
        {{ to_boolean(json_text('payload', 'disputed')) }} as is_disputed,
        {{ json_text('payload', 'failure_code') }} as failure_code,
        {{ json_text('payload', 'failure_message') }} as failure_message,
        {{ json_text('payload', 'payment_method_details', 'type') }} as payment_method_type,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
