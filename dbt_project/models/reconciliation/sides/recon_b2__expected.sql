{{ config(materialized='view') }}

with

expected_lines as (
    select * from {{ ref('int_billing__expected_invoice_lines') }}
    where billing_system = 'erp'
),

charges as (
    select * from {{ ref('int_rating__charges') }}
),

final as (
    select
        expected_lines.charge_key as tracking_key,
        expected_lines.charge_id as row_id,
        expected_lines.account_id,
        expected_lines.currency,
        expected_lines.net_minor as amount_minor,
        expected_lines.quantity,
        expected_lines.expected_on as business_on,
        expected_lines.expected_on as due_on,
        'charge ' || expected_lines.charge_id as evidence,
        expected_lines.price_code,
        expected_lines.line_kind,
        charges.unit_amount_minor,
        expected_lines.gross_minor,
        expected_lines.discount_minor
    from expected_lines
    inner join charges on expected_lines.charge_id = charges.charge_id
)

select * from final
