{{ config(materialized='view') }}

with

invoice_numbers as (
    select * from {{ ref('recon_b3__invoice_numbers') }}
),

final as (
    select
        tracking_key,
        row_id,
        account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        number_expected as quantity,
        business_on,
        business_on as due_on,
        evidence
    from invoice_numbers
)

select * from final
