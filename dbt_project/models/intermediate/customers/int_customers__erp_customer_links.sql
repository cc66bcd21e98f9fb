with

customers as (
    select * from {{ ref('stg_erp__customers') }}
    where external_id is not null and not is_deleted
),

numbered as (
    select
        external_id as origin_id,
        customer_id as erp_customer_id,
        count(*) over (partition by external_id) as candidate_count,
        row_number() over (partition by external_id order by customer_id) as candidate_no
    from customers
),

final as (
    select
        origin_id,
        erp_customer_id,
        candidate_count
    from numbered
    where candidate_no = 1
)

select * from final
