{{ config(materialized='view') }}

with

schedules as (
    select * from {{ ref('fct_revenue_schedules') }}
    where line_net_minor <> 0
),

final as (
    select
        invoice_line_id as tracking_key,
        invoice_line_id as row_id,
        min(account_id) as account_id,
        min(currency) as currency,
        cast(sum(amount_minor) as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        min(month_on) as business_on,
        cast('1900-01-01' as date) as due_on,
        'schedule of ' || invoice_line_id || ' over ' || cast(count(*) as text) || ' months' as evidence
    from schedules
    group by invoice_line_id
)

select * from final
