with

records as (
    select * from {{ latest_version(source('erp', 'currencyrate')) }} as latest
),

final as (
    select
        record_id as currency_rate_id,
        {{ json_text('payload', 'basecurrency') }} as base_currency_id,
        {{ json_text('payload', 'transactioncurrency') }} as transaction_currency_id,
        {{ to_numeric(json_text('payload', 'exchangerate')) }} as exchange_rate,
        {{ to_account_date(json_text('payload', 'effectivedate')) }} as effective_on,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
