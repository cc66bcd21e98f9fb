with

records as (
    select * from {{ source('control_plane', 'accounts') }}
    {{ known_by_as_of('known_at', 'where') }}
),

named as (
    select
        record_id as account_id,
        'stripe' as system,
        {{ json_text('payload', 'stripe_customer_id') }} as system_id
    from records
    union all
    select
        record_id as account_id,
        'crm' as system,
        {{ crm_id_18(json_text('payload', 'crm_account_id')) }} as system_id
    from records
),

final as (
    select distinct
        account_id,
        system,
        system_id
    from named
    where system_id is not null
)

select * from final
