with

records as (
    select * from {{ latest_version(source('stripe', 'credit_notes')) }} as latest
),

final as (
    select
        record_id as credit_note_id,
        {{ json_text('payload', 'number') }} as credit_note_number,
        {{ json_reference('payload', 'invoice') }} as invoice_id,
        {{ json_reference('payload', 'customer') }} as customer_id,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'type') }} as credit_note_type,
        {{ json_text('payload', 'reason') }} as reason,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('payload', 'amount'), json_text('payload', 'currency')) }} as amount_minor,
        {{ stripe_minor(json_text('payload', 'subtotal'), json_text('payload', 'currency')) }} as subtotal_minor,
        {{ stripe_minor(json_text('payload', 'discount_amount'), json_text('payload', 'currency')) }} as discount_minor,
        {{ stripe_minor(json_text('payload', 'total'), json_text('payload', 'currency')) }} as total_minor,
        {{ stripe_minor(
            stripe_credit_note_part('pre_payment'),
            json_text('payload', 'currency')
        ) }} as pre_payment_minor,
        {{ stripe_minor(
            stripe_credit_note_part('post_payment'),
            json_text('payload', 'currency')
        ) }} as post_payment_minor,
        {{ stripe_minor(
            json_text('payload', 'out_of_band_amount'),
            json_text('payload', 'currency')
        ) }} as out_of_band_minor,
        {{ json_reference('payload', 'customer_balance_transaction') }} as customer_balance_transaction_id,
        coalesce(
            {{ json_reference('payload', 'refund') }},
            {{ json_reference('payload', 'refunds', 0, 'refund') }}
        ) as refund_id,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        {{ epoch_to_timestamp(json_text('payload', 'effective_at')) }} as effective_at,
        {{ epoch_to_timestamp(json_text('payload', 'voided_at')) }} as voided_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
