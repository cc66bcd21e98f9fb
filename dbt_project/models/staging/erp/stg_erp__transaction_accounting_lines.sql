with

records as (
    select * from {{ latest_version(source('erp', 'transactionaccountingline')) }} as latest
),

final as (
    select
        record_id,
        {{ json_text('payload', 'accountingbook') }} as accounting_book_id,
        {{ json_text('payload', 'transaction') }} as transaction_id,
        {{ json_text('payload', 'transactionline') }} as transaction_line_id,
        {{ json_text('payload', 'account') }} as account_id,
        {{ to_numeric(json_text('payload', 'amount')) }} as amount,
        {{ to_numeric(json_text('payload', 'debit')) }} as debit,
        {{ to_numeric(json_text('payload', 'credit')) }} as credit,
        {{ to_numeric(json_text('payload', 'netamount')) }} as net_amount,
        {{ to_numeric(json_text('payload', 'exchangerate')) }} as exchange_rate,
        {{ to_numeric(json_text('payload', 'amountpaid')) }} as amount_paid,
        {{ to_numeric(json_text('payload', 'amountunpaid')) }} as amount_unpaid,
        {{ to_boolean(json_text('payload', 'posting')) }} as is_posting,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
