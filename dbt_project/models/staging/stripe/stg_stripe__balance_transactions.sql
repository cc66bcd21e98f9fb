with

records as (
    select * from {{ latest_version(source('stripe', 'balance_transactions')) }} as latest
),

final as (
    select
        record_id as balance_transaction_id,
        {{ json_text('payload', 'type') }} as transaction_type,
        {{ json_text('payload', 'reporting_category') }} as reporting_category,
        {{ json_reference('payload', 'source') }} as source_id,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('payload', 'amount'), json_text('payload', 'currency')) }} as amount_minor,
        {{ stripe_minor(json_text('payload', 'fee'), json_text('payload', 'currency')) }} as fee_minor,
        {{ stripe_minor(json_text('payload', 'net'), json_text('payload', 'currency')) }} as net_minor,
        {{ to_numeric(json_text('payload', 'exchange_rate')) }} as exchange_rate,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'description') }} as description,
        {{ epoch_to_timestamp(json_text('payload', 'available_on')) }} as available_at,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
