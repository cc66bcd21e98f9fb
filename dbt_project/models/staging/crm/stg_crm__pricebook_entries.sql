with

records as (
    select * from {{ latest_version(source('crm', 'pricebook_entry')) }} as latest
),

final as (
    select
        record_id as pricebook_entry_id,
        {{ crm_id_18(json_text('payload', 'Pricebook2Id')) }} as pricebook_id,
        {{ crm_id_18(json_text('payload', 'Product2Id')) }} as product_id,
        {{ json_text('payload', 'ProductCode') }} as product_code,
        {{ to_numeric(json_text('payload', 'UnitPrice')) }} as unit_price,
        lower({{ json_text('payload', 'CurrencyIsoCode') }}) as currency,
        {{ to_boolean(json_text('payload', 'IsActive')) }} as is_active,
        {{ to_timestamp_utc(json_text('payload', 'SystemModstamp')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
