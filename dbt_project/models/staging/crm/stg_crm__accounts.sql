with

records as (
    select * from {{ latest_version(source('crm', 'account')) }} as latest
),

final as (
    select
        record_id as crm_account_id,
        {{ json_text('payload', 'Name') }} as name,
        {{ crm_id_18(json_text('payload', 'ParentId')) }} as parent_account_id,
        {{ json_text('payload', 'BillingCountry') }} as billing_country,
        {{ json_text('payload', 'BillingPostalCode') }} as billing_postal_code,
        {{ json_text('payload', 'Website') }} as website,
        {{ to_timestamp_utc(json_text('payload', 'CreatedDate')) }} as created_at,
        {{ to_timestamp_utc(json_text('payload', 'SystemModstamp')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
