with

records as (
    select * from {{ latest_version(source('erp', 'customer')) }} as latest
),

final as (
    select
        record_id as customer_id,
        {{ json_text('payload', 'externalid') }} as external_id,
        {{ json_text('payload', 'entityid') }} as entity_code,
        {{ json_text('payload', 'companyname') }} as company_name,
        {{ json_text('payload', 'currency') }} as currency_id,
        {{ tax_id_text(coalesced([json_text('payload', 'vatregnumber'), json_text('payload', 'taxidnum')])) }}
            as tax_id,
        {{ domain_of(json_text('payload', 'email')) }} as email_domain,
        {{ to_timestamp_utc(json_text('payload', 'lastmodifieddate')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
