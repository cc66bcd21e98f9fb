with

records as (
    select * from {{ latest_version(source('stripe', 'payment_intents')) }} as latest
),

final as (
    select
        record_id as payment_intent_id,
        {{ json_reference('payload', 'customer') }} as customer_id,
        {{ json_reference('payload', 'invoice') }} as invoice_id,
        coalesce(
            {{ json_reference('payload', 'latest_charge') }},
            {{ json_reference('payload', 'charges', 'data', 0) }}
        ) as latest_charge_id,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('payload', 'amount'), json_text('payload', 'currency')) }} as amount_minor,
        {{ stripe_minor(
            json_text('payload', 'amount_received'),
            json_text('payload', 'currency')
        ) }} as amount_received_minor,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'last_payment_error', 'code') }} as failure_code,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        {{ epoch_to_timestamp(json_text('payload', 'canceled_at')) }} as canceled_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
