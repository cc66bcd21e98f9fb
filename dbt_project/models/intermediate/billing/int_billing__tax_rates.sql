with

rates as (
    select * from {{ ref('stg_tax__rates') }}
    where not is_deleted
),

final as (
    select
        jurisdiction,
        product_tax_code,
        rate,
        valid_from,
        valid_to as stated_until,
        lead(valid_from) over (partition by jurisdiction, product_tax_code order by valid_from) as used_until
    from rates
)

select * from final
