with

records as (
    select * from {{ latest_version(source('stripe', 'disputes')) }} as latest
),

final as (
    select
        record_id as dispute_id,
        {{ json_reference('payload', 'charge') }} as charge_id,
        {{ json_reference('payload', 'payment_intent') }} as payment_intent_id,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('payload', 'amount'), json_text('payload', 'currency')) }} as amount_minor,
        {{ stripe_minor_sum(
            json_node('payload', 'balance_transactions'),
            'net',
            json_text('payload', 'currency')
        ) }} as net_minor,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'reason') }} as reason,
        {{ epoch_to_timestamp(json_text('payload', 'evidence_details', 'due_by')) }} as evidence_due_at,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
