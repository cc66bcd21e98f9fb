{#- A revenue line is a credit, negative in the ERP; amount_minor and quantity are its natural, positive reading. -#}
{%- set foreign_amount = to_amount(json_text('records.payload', 'foreignamount')) -%}
with

records as (
    select * from {{ latest_version(source('erp', 'transactionline')) }} as latest
),

lines_gone as (
    select * from {{ erp_lines_gone(source('erp', 'transactionline')) }} as gone
),

transactions as (
    select * from {{ ref('stg_erp__transactions') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        records.record_id as transaction_line_key,
        {{ json_text('records.payload', 'transaction') }} as transaction_id,
        {{ json_text('records.payload', 'id') }} as transaction_line_id,
        {{ to_bigint(json_text('records.payload', 'linesequencenumber')) }} as line_sequence,
        {{ to_boolean(json_text('records.payload', 'mainline')) }} as is_main_line,
        {{ to_boolean(json_text('records.payload', 'taxline')) }} as is_tax_line,
        {{ json_text('records.payload', 'item') }} as item_id,
        {{ crm_id_18(json_text('records.payload', 'custcol_order_item')) }} as order_item_id,
        {{ json_text('records.payload', 'custcol_tax_of_line') }} as tax_of_line_id,
        {{ json_text('records.payload', 'custcol_billing_frequency') }} as billing_frequency,
        {{ to_numeric(json_text('records.payload', 'custcol_discount_percent')) }} as discount_percent,
        -({{ to_numeric(json_text('records.payload', 'quantity')) }}) as quantity,
        {{ to_numeric(json_text('records.payload', 'rate')) }} as rate,
        transactions.currency,
        -{{ minor_units(foreign_amount, 'currencies.exponent') }} as amount_minor,
        {{ json_text('records.payload', 'appliedtotransaction') }} as applied_to_transaction_id,
        case
            when {{ json_text('records.payload', 'appliedtotransaction') }} is not null
                then {{ minor_units(foreign_amount, 'currencies.exponent') }}
        end as applied_minor,
        {{ to_numeric(json_text('records.payload', 'netamount')) }} as net_amount,
        {{ to_account_date(json_text('records.payload', 'revrecstartdate')) }} as service_start_on,
        {{ add_days(to_account_date(json_text('records.payload', 'revrecenddate')), 1) }} as service_end_on,
        {{ json_text('records.payload', 'memo') }} as memo,
        {{ json_text('records.payload', 'uniquekey') }} as unique_key,
        {{ to_timestamp_utc(json_text('records.payload', 'linelastmodifieddate')) }} as updated_at,
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
    left join currencies
        on transactions.currency = currencies.currency
)

select * from final
