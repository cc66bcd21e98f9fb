{{ config(materialized='view') }}

with

charges as (
    select * from {{ ref('int_billing__charges') }}
),

usage_charges as (
    select * from {{ ref('int_rating__charges') }}
    where line_kind = 'usage'
),

invoice_lines as (
    select * from {{ ref('fct_invoice_lines') }}
),

-- A line for late usage adjusts the charge of the period that the usage belongs to.
rated as (
    select
        charges.*,
        coalesce(usage_charges.charge_id, charges.charge_id) as rated_charge_id
    from charges
    left join usage_charges
        on
            charges.line_kind = 'late_usage_adjustment'
            and charges.subscription_item_id = usage_charges.subscription_item_id
            and charges.period_start = usage_charges.period_start
            and charges.period_end = usage_charges.period_end
),

final as (
    select
        rated.charge_id,
        rated.rated_charge_id,
        rated.charge_key,
        rated.line_kind,
        rated.billing_system,
        invoice_lines.invoice_line_id,
        invoice_lines.invoice_id,
        invoice_lines.is_billed
    from rated
    left join invoice_lines
        on rated.billing_system = invoice_lines.billing_system and rated.charge_key = invoice_lines.charge_key
)

select * from final
