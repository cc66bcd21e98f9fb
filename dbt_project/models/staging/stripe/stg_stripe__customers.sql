with

records as (
    select * from {{ latest_version(source('stripe', 'customers')) }} as latest
),

final as (
    select
        record_id as customer_id,
        {{ json_text('payload', 'metadata', 'account_id') }} as account_id,
        {{ json_text('payload', 'name') }} as name,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('payload', 'balance'), json_text('payload', 'currency')) }} as balance_minor,
        {{ to_boolean(json_text('payload', 'delinquent')) }} as is_delinquent,
        {{ json_text('payload', 'tax_exempt') }} as tax_exempt,
        {{ json_text('payload', 'address', 'country') }} as country,
        {{ tax_id_text(json_text('payload', 'tax_ids', 'data', 0, 'value')) }} as tax_id,
        {{ domain_of(json_text('payload', 'email')) }} as email_domain,
        coalesce(
            {{ json_reference('payload', 'discount', 'coupon') }},
            {{ json_reference('payload', 'discount', 'source', 'coupon') }}
        ) as coupon_id,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
