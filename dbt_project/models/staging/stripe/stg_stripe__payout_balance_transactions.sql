with

records as (
    select * from {{ latest_version(source('stripe', 'payout_balance_transactions')) }} as latest
),

final as (
    select
        record_id,
        {{ json_reference('payload', 'payout') }} as payout_id,
        {{ json_reference('payload', 'balance_transaction') }} as balance_transaction_id,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
