{{ config(indexes=[{'columns': ['charge_id'], 'unique': true}]) }}

with

lines as (
    select * from {{ ref('int_billing__expected_invoice_lines') }}
),

final as (
    select
        charge_id,
        charge_key,
        billing_system,
        account_id,
        subscription_id,
        subscription_item_id,
        price_code,
        line_kind,
        period_start,
        period_end,
        currency,
        quantity,
        gross_minor,
        discount_minor,
        net_minor,
        tax_rate,
        tax_status,
        tax_minor,
        net_minor + tax_minor as total_minor,
        invoiced_at,
        expected_on
    from lines
)

select * from final
