with

records as (
    select * from {{ latest_version(source('control_plane', 'accounts')) }} as latest
),

final as (
    select
        record_id as account_id,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'plan_code') }} as plan_code,
        {{ json_text('payload', 'timezone') }} as timezone,
        {{ json_text('payload', 'country') }} as country,
        {{ json_text('payload', 'stripe_customer_id') }} as stripe_customer_id,
        {{ crm_id_18(json_text('payload', 'crm_account_id')) }} as crm_account_id,
        {{ to_timestamp_utc(json_text('payload', 'created_at')) }} as created_at,
        {{ to_timestamp_utc(json_text('payload', 'updated_at')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
