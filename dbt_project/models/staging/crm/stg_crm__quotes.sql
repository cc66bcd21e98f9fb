with

records as (
    select * from {{ latest_version(source('crm', 'quote')) }} as latest
),

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        record_id as quote_id,
        {{ json_text('payload', 'QuoteNumber') }} as quote_number,
        {{ crm_id_18(json_text('payload', 'OpportunityId')) }} as opportunity_id,
        {{ crm_id_18(json_text('payload', 'AccountId')) }} as crm_account_id,
        {{ crm_id_18(json_text('payload', 'ContractId')) }} as contract_id,
        {{ json_text('payload', 'Status') }} as status,
        {{ to_numeric(json_text('payload', 'Discount')) }} as discount_percent,
        {{ minor_units(to_amount(json_text('payload', 'Tax')), 'currencies.exponent') }} as tax_minor,
        {{ minor_units(to_amount(json_text('payload', 'GrandTotal')), 'currencies.exponent') }} as grand_total_minor,
        currencies.currency,
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
