with

records as (
    select * from {{ latest_version(source('erp', 'transactionaccountingline')) }} as latest
),

lines_gone as (
    select * from {{ erp_lines_gone(source('erp', 'transactionaccountingline')) }} as gone
),

transactions as (
    select * from {{ ref('stg_erp__transactions') }}
),

final as (
    select
        records.record_id,
        {{ json_text('records.payload', 'accountingbook') }} as accounting_book_id,
        {{ json_text('records.payload', 'transaction') }} as transaction_id,
        {{ json_text('records.payload', 'transactionline') }} as transaction_line_id,
        {{ json_text('records.payload', 'account') }} as account_id,
        {{ to_numeric(json_text('records.payload', 'amount')) }} as amount,
        {{ to_numeric(json_text('records.payload', 'debit')) }} as debit,
        {{ to_numeric(json_text('records.payload', 'credit')) }} as credit,
        {{ to_numeric(json_text('records.payload', 'netamount')) }} as net_amount,
        {{ to_numeric(json_text('records.payload', 'exchangerate')) }} as exchange_rate,
        {{ to_numeric(json_text('records.payload', 'amountpaid')) }} as amount_paid,
        {{ to_numeric(json_text('records.payload', 'amountunpaid')) }} as amount_unpaid,
        {{ to_boolean(json_text('records.payload', 'posting')) }} as is_posting,
        records.is_deleted or coalesce(transactions.is_deleted, false) or lines_gone.record_id is not null
            as is_deleted,
        records.load_id,
        records.line_no,
        records.delivered_on
    from records
    left join transactions
        on transactions.transaction_id = {{ json_text('records.payload', 'transaction') }}
    left join lines_gone
        on records.record_id = lines_gone.record_id
)

select * from final
