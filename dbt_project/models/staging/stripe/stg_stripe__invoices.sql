with

records as (
    select * from {{ latest_version(source('stripe', 'invoices')) }} as latest
),

final as (
    select
        record_id as invoice_id,
        {{ json_text('payload', 'number') }} as invoice_number,
        {{ json_reference('payload', 'customer') }} as customer_id,
        coalesce(
            {{ json_reference('payload', 'subscription') }},
            {{ json_reference('payload', 'parent', 'subscription_details', 'subscription') }}
        ) as subscription_id,
        {{ coalesced([
            json_text('payload', 'metadata', 'account_id'),
            json_text('payload', 'subscription_details', 'metadata', 'account_id'),
            json_text('payload', 'parent', 'subscription_details', 'metadata', 'account_id'),
        ]) }} as account_id,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'billing_reason') }} as billing_reason,
        {{ json_text('payload', 'collection_method') }} as collection_method,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('payload', 'subtotal'), json_text('payload', 'currency')) }} as subtotal_minor,
        {{ stripe_minor_sum(
            json_node('payload', 'total_discount_amounts'),
            'amount',
            json_text('payload', 'currency')
        ) }} as discount_minor,
        {{ stripe_exclusive_tax(
            json_node('payload', 'total_taxes'),
            json_node('payload', 'total_tax_amounts'),
            json_text('payload', 'currency')
        ) }} as tax_minor,
        {{ stripe_minor(json_text('payload', 'total'), json_text('payload', 'currency')) }} as total_minor,
        {{ stripe_minor(json_text('payload', 'amount_due'), json_text('payload', 'currency')) }} as amount_due_minor,
        {{ stripe_minor(json_text('payload', 'amount_paid'), json_text('payload', 'currency')) }} as amount_paid_minor,
        {{ stripe_minor(
            json_text('payload', 'amount_remaining'),
            json_text('payload', 'currency')
        ) }} as amount_remaining_minor,
        {{ stripe_minor(
            json_text('payload', 'starting_balance'),
            json_text('payload', 'currency')
        ) }} as starting_balance_minor,
        {{ stripe_minor(
            json_text('payload', 'ending_balance'),
            json_text('payload', 'currency')
        ) }} as ending_balance_minor,
        {{ stripe_minor(
            json_text('payload', 'pre_payment_credit_notes_amount'),
            json_text('payload', 'currency')
        ) }} as pre_payment_credit_notes_minor,
        {{ stripe_minor(
            json_text('payload', 'post_payment_credit_notes_amount'),
            json_text('payload', 'currency')
        ) }} as post_payment_credit_notes_minor,
        {{ to_bigint(json_text('payload', 'attempt_count')) }} as attempt_count,
        {{ to_boolean(json_text('payload', 'attempted')) }} as is_attempted,
        {{ to_boolean(json_text('payload', 'lines', 'has_more')) }} as has_more_lines,
        {{ epoch_to_timestamp(json_text('payload', 'period_start')) }} as period_start_at,
        {{ epoch_to_timestamp(json_text('payload', 'period_end')) }} as period_end_at,
        {{ epoch_to_timestamp(json_text('payload', 'due_date')) }} as due_at,
        {{ epoch_to_timestamp(json_text('payload', 'next_payment_attempt')) }} as next_payment_attempt_at,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        {{ epoch_to_timestamp(json_text('payload', 'status_transitions', 'finalized_at')) }} as finalized_at,
        {{ epoch_to_timestamp(json_text('payload', 'status_transitions', 'paid_at')) }} as paid_at,
        {{ epoch_to_timestamp(json_text('payload', 'status_transitions', 'voided_at')) }} as voided_at,
        {{ epoch_to_timestamp(
            json_text('payload', 'status_transitions', 'marked_uncollectible_at')
        ) }} as marked_uncollectible_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
