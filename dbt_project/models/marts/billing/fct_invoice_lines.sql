{{ config(indexes=[{'columns': ['billing_system', 'invoice_line_id'], 'unique': true}]) }}

with

lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
),

final as (
    select
        billing_system,
        invoice_line_id,
        invoice_id,
        charge_key,
        account_id,
        subscription_id,
        subscription_item_id,
        price_code,
        line_kind,
        period_start,
        period_end,
        currency,
        quantity,
        unit_amount_minor,
        gross_minor,
        discount_minor,
        net_minor,
        tax_minor,
        net_minor + tax_minor as total_minor,
        invoice_status,
        is_billed,
        invoice_on,
        load_id,
        line_no
    from lines
)

select * from final
