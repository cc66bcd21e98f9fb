with

records as (
    select * from {{ latest_version(source('stripe', 'invoice_payments')) }} as latest
),

final as (
    select
        record_id as invoice_payment_id,
        {{ json_reference('payload', 'invoice') }} as invoice_id,
        {{ json_text('payload', 'payment', 'type') }} as payment_type,
        {{ json_reference('payload', 'payment', 'payment_intent') }} as payment_intent_id,
        {{ json_reference('payload', 'payment', 'charge') }} as charge_id,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('payload', 'amount_paid'), json_text('payload', 'currency')) }} as amount_paid_minor,
        {{ stripe_minor(
            json_text('payload', 'amount_requested'),
            json_text('payload', 'currency')
        ) }} as amount_requested_minor,
        {{ json_text('payload', 'status') }} as status,
        {{ to_boolean(json_text('payload', 'is_default')) }} as is_default,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        {{ epoch_to_timestamp(json_text('payload', 'status_transitions', 'paid_at')) }} as paid_at,
        {{ epoch_to_timestamp(json_text('payload', 'status_transitions', 'canceled_at')) }} as canceled_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
