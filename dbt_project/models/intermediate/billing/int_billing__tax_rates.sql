with

rates as (
    select * from {{ ref('stg_tax__rates') }}
    where not is_deleted
),

-- A place with several taxes on one product names each behind a slash: CA/GST and CA/QST are both taken in CA.
named as (
    select
        case
            when strpos(jurisdiction, '/') > 0 then substr(jurisdiction, 1, strpos(jurisdiction, '/') - 1)
            else jurisdiction
        end as jurisdiction,
        case when strpos(jurisdiction, '/') > 0 then substr(jurisdiction, strpos(jurisdiction, '/') + 1) else 'tax' end
            as component,
        product_tax_code,
        rate,
        valid_from,
        valid_to
    from rates
),

final as (
    select
        jurisdiction,
        component,
        product_tax_code,
        rate,
        valid_from,
        valid_to as stated_until,
        lead(valid_from) over (
            partition by jurisdiction, component, product_tax_code order by valid_from
        ) as used_until
    from named
)

select * from final
