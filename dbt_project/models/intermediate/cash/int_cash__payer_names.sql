with

erp_customers as (
    select * from {{ ref('stg_erp__customers') }}
    where not is_deleted and company_name is not null
),

families as (
    select * from {{ ref('int_customers__families') }}
),

-- A name of a few letters stands in too many texts to be a payer's.
final as (
    select distinct
        erp_customers.customer_id,
        coalesce(families.family_id, 'erp|' || erp_customers.customer_id) as party,
        {{ words_of('erp_customers.company_name') }} as name_words
    from erp_customers
    left join families on erp_customers.customer_id = families.erp_customer_id
    where length({{ words_of('erp_customers.company_name') }}) >= 6
)

select * from final
