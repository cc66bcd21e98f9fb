with

records as (
    select * from {{ latest_version(source('crm', 'order')) }} as latest
),

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        record_id as order_id,
        {{ json_text('payload', 'OrderNumber') }} as order_number,
        {{ crm_id_18(json_text('payload', 'ContractId')) }} as contract_id,
        {{ crm_id_18(json_text('payload', 'AccountId')) }} as crm_account_id,
        {{ crm_id_18(json_text('payload', 'OriginalOrderId')) }} as original_order_id,
        {{ crm_id_18(json_text('payload', 'QuoteId')) }} as quote_id,
        {{ json_text('payload', 'PoNumber') }} as po_number,
        {{ json_text('payload', 'Status') }} as status,
        {{ to_date(json_text('payload', 'EffectiveDate')) }} as effective_on,
        {{ add_days(to_date(json_text('payload', 'EndDate')), 1) }} as end_on,
        {{ to_boolean(json_text('payload', 'IsReductionOrder')) }} as is_reduction,
        {{ minor_units(to_amount(json_text('payload', 'TotalAmount')), 'currencies.exponent') }} as total_amount_minor,
        currencies.currency,
        {{ to_timestamp_utc(json_text('payload', 'ActivatedDate')) }} as activated_at,
        {{ to_timestamp_utc(json_text('payload', 'SystemModstamp')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
    left join currencies
        on
            currencies.currency
            = coalesce(lower({{ json_text('records.payload', 'CurrencyIsoCode') }}), '{{ var("crm_currency") }}')
)

select * from final
