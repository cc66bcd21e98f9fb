with

records as (
    select * from {{ latest_version(source('crm', 'order_item')) }} as latest
),

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        record_id as order_item_id,
        {{ crm_id_18(json_text('payload', 'OrderId')) }} as order_id,
        {{ crm_id_18(json_text('payload', 'PricebookEntryId')) }} as pricebook_entry_id,
        {{ crm_id_18(json_text('payload', 'Product2Id')) }} as product_id,
        {{ crm_id_18(json_text('payload', 'OriginalOrderItemId')) }} as original_order_item_id,
        {{ json_text('payload', 'Price_Code__c') }} as price_code,
        {{ json_text('payload', 'Billing_Frequency__c') }} as billing_frequency,
        {{ to_numeric(json_text('payload', 'Quantity')) }} as quantity,
        {{ to_numeric(json_text('payload', 'UnitPrice')) }} as unit_price,
        {{ to_numeric(json_text('payload', 'ListPrice')) }} as list_price,
        {{ minor_units(to_amount(json_text('payload', 'TotalPrice')), 'currencies.exponent') }} as total_price_minor,
        currencies.currency,
        {{ to_numeric(json_text('payload', 'Discount_Percent__c')) }} as discount_percent,
        {{ to_date(json_text('payload', 'ServiceDate')) }} as service_on,
        {{ add_days(to_date(json_text('payload', 'EndDate')), 1) }} as end_on,
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
