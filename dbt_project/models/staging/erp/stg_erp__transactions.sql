with

records as (
    select * from {{ latest_version(source('erp', 'transaction')) }} as latest
),

erp_currencies as (
    select * from {{ ref('stg_erp__currencies') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        records.record_id as transaction_id,
        {{ json_text('records.payload', 'externalid') }} as external_id,
        {{ coalesced([json_text('records.payload', 'transactionnumber'), json_text('records.payload', 'tranid')]) }}
            as transaction_number,
        {{ json_text('records.payload', 'type') }} as transaction_type,
        {{ json_text('records.payload', 'status') }} as status,
        {{ json_text('records.payload', 'entity') }} as customer_id,
        {{ json_text('records.payload', 'subsidiary') }} as subsidiary_id,
        {{ json_text('records.payload', 'postingperiod') }} as accounting_period_id,
        {{ to_boolean(json_text('records.payload', 'posting')) }} as is_posting,
        currencies.currency,
        {{ to_numeric(json_text('records.payload', 'exchangerate')) }} as exchange_rate,
        {{ minor_units(to_amount(json_text('records.payload', 'foreigntotal')), 'currencies.exponent') }}
            as total_minor,
        {{ to_account_date(json_text('records.payload', 'trandate')) }} as transaction_on,
        {{ to_account_date(json_text('records.payload', 'duedate')) }} as due_on,
        {{ to_account_date(json_text('records.payload', 'closedate')) }} as closed_on,
        {{ json_text('records.payload', 'otherrefnum') }} as po_number,
        {{ json_text('records.payload', 'memo') }} as memo,
        {{ to_timestamp_utc(json_text('records.payload', 'createddate')) }} as created_at,
        {{ to_timestamp_utc(json_text('records.payload', 'lastmodifieddate')) }} as updated_at,
        records.is_deleted,
        records.load_id,
        records.line_no,
        records.delivered_on
    from records
    left join erp_currencies
        on erp_currencies.currency_id = {{ json_text('records.payload', 'currency') }}
    left join currencies
        on
            currencies.currency
            = coalesce(erp_currencies.currency, lower({{ json_text('records.payload', 'currency') }}))
)

select * from final
