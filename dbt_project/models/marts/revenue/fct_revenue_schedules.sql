{{ config(indexes=[{'columns': ['invoice_line_id', 'month_on'], 'unique': true}]) }}

with

schedules as (
    select * from {{ ref('int_revenue__schedules') }}
),

final as (
    select
        invoice_line_id,
        month_on,
        currency,
        amount_minor,
        line_net_minor,
        recognition_method,
        has_service_dates,
        earned_from_on,
        earned_until_on,
        billing_system,
        invoice_id,
        account_id,
        price_code,
        product_code,
        revenue_account,
        line_kind
    from schedules
)

select * from final
