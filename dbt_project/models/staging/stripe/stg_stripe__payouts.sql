with

records as (
    select * from {{ latest_version(source('stripe', 'payouts')) }} as latest
),

final as (
    select
        record_id as payout_id,
        {{ json_reference('payload', 'balance_transaction') }} as balance_transaction_id,
        {{ json_reference('payload', 'failure_balance_transaction') }} as failure_balance_transaction_id,
        {{ json_reference('payload', 'original_payout') }} as original_payout_id,
        {{ json_reference('payload', 'reversed_by') }} as reversed_by_payout_id,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('payload', 'amount'), json_text('payload', 'currency')) }} as amount_minor,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'type') }} as payout_type,
        {{ json_text('payload', 'method') }} as method,
        {{ to_boolean(json_text('payload', 'automatic')) }} as is_automatic,
        {{ json_reference('payload', 'destination') }} as destination_id,
        {{ json_text('payload', 'trace_id', 'value') }} as trace_id,
        {{ json_text('payload', 'trace_id', 'status') }} as trace_status,
        {{ json_text('payload', 'failure_code') }} as failure_code,
        {{ json_text('payload', 'statement_descriptor') }} as statement_descriptor,
        {{ json_text('payload', 'reconciliation_status') }} as reconciliation_status,
        {{ epoch_to_timestamp(json_text('payload', 'arrival_date')) }} as arrival_at,
        {{ utc_date(epoch_to_timestamp(json_text('payload', 'arrival_date'))) }} as arrival_on,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
