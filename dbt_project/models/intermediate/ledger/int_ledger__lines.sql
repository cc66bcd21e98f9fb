{{ config(indexes=[{'columns': ['ledger_line_id'], 'unique': true}]) }}

{%- set items = "('usage', 'late_usage_adjustment', 'proration_charge', 'proration_credit')" -%}
{%- set usage_kinds = "('usage', 'late_usage_adjustment')" -%}
with

invoices as (
    select * from {{ ref('int_ledger__invoices') }}
),

invoice_lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
),

charges as (
    select * from {{ ref('int_billing__charges') }}
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
    where policy = 'late_billing'
),

invoiced as (
    select
        invoices.ledger_invoice_id,
        invoices.billing_system || '|' || invoice_lines.invoice_line_id as ledger_line_id,
        row_number() over (partition by invoices.ledger_invoice_id order by invoice_lines.invoice_line_id) as line_no,
        invoices.billing_system,
        invoices.invoice_id,
        invoice_lines.invoice_line_id,
        coalesce(invoice_lines.account_id, invoices.account_id) as account_id,
        invoice_lines.price_code,
        invoice_lines.line_kind,
        invoice_lines.period_start,
        invoice_lines.period_end,
        invoices.billed_on,
        invoices.currency,
        invoice_lines.net_minor,
        invoice_lines.tax_minor,
        coalesce(policies.value = 'accrue_unbilled', false) as is_late_accrued
    from invoice_lines
    inner join invoices
        on
            invoice_lines.billing_system = invoices.billing_system
            and invoice_lines.invoice_id = invoices.invoice_id
    left join policies
        on
            invoices.billed_on >= policies.valid_from
            and (policies.valid_to is null or invoices.billed_on < policies.valid_to)
),

-- Rated and on no invoice yet, a draft is none: usage of periods that ended, prorations that wait for the next invoice.
not_invoiced as (
    select charges.*
    from charges
    left join invoice_lines
        on charges.charge_key = invoice_lines.charge_key and invoice_lines.invoice_status <> 'draft'
    where
        charges.line_kind in {{ items }}
        and charges.gross_minor <> 0
        and invoice_lines.charge_key is null
),

final as (
    select
        ledger_invoice_id,
        ledger_line_id,
        line_no,
        billing_system,
        invoice_id,
        invoice_line_id,
        account_id,
        price_code,
        line_kind,
        period_start,
        period_end,
        billed_on,
        currency,
        net_minor,
        tax_minor,
        case
            when line_kind in {{ items }} and not is_late_accrued
                then least(billed_on, coalesce({{ utc_date('period_start') }}, billed_on))
            else billed_on
        end as dated_on,
        is_late_accrued or line_kind in {{ items }} as is_accrued_before_billing,
        is_late_accrued or line_kind in {{ usage_kinds }} as is_accrued_in_own_month
    from invoiced
    union all
    select
        cast(null as text) as ledger_invoice_id,
        billing_system || '|' || charge_id as ledger_line_id,
        1 as line_no,
        billing_system,
        cast(null as text) as invoice_id,
        cast(null as text) as invoice_line_id,
        account_id,
        price_code,
        line_kind,
        period_start,
        period_end,
        cast(null as date) as billed_on,
        currency,
        gross_minor as net_minor,
        cast(0 as bigint) as tax_minor,
        {{ utc_date('period_start') }} as dated_on,
        true as is_accrued_before_billing,
        true as is_accrued_in_own_month
    from not_invoiced
)

select * from final
