{{ config(materialized='view') }}

with

invoice_lines as (
    select * from {{ ref('recon_t1__taxable_lines') }}
),

rates as (
    select * from {{ ref('int_billing__tax_rates') }}
),

exemptions as (
    select * from {{ ref('int_billing__tax_exemptions') }}
),

-- The rates of the place on the day of the invoice, on what was invoiced: a wrong price is not also a wrong tax.
rated as (
    select
        invoice_lines.invoice_line_id,
        sum(rates.rate) as tax_rate
    from invoice_lines
    inner join rates
        on
            invoice_lines.jurisdiction = rates.jurisdiction
            and invoice_lines.tax_code = rates.product_tax_code
            and invoice_lines.invoice_on >= rates.valid_from
            and (invoice_lines.invoice_on < rates.used_until or rates.used_until is null)
    group by invoice_lines.invoice_line_id
),

final as (
    select
        invoice_lines.invoice_line_id as tracking_key,
        invoice_lines.invoice_line_id as row_id,
        invoice_lines.account_id,
        invoice_lines.currency,
        cast(
            case
                when exemptions.account_id is not null then 0
                else {{ round_half_up('invoice_lines.net_minor * coalesce(rated.tax_rate, 0)') }}
            end as bigint
        ) as amount_minor,
        cast(null as numeric) as quantity,
        invoice_lines.invoice_on as business_on,
        invoice_lines.invoice_on as due_on,
        coalesce(invoice_lines.jurisdiction, 'no country') || ' ' || invoice_lines.tax_code || ' at '
        || coalesce(cast(rated.tax_rate as text), 'no rate')
        || case when exemptions.account_id is not null then ', exempt: ' || exemptions.reason else '' end as evidence,
        invoice_lines.jurisdiction,
        case when exemptions.account_id is not null then 1 else 0 end as exempt_count
    from invoice_lines
    left join rated on invoice_lines.invoice_line_id = rated.invoice_line_id
    left join exemptions
        on
            invoice_lines.account_id = exemptions.account_id
            and invoice_lines.jurisdiction = exemptions.jurisdiction
            and invoice_lines.invoice_on >= exemptions.valid_from
            and (invoice_lines.invoice_on < exemptions.valid_to or exemptions.valid_to is null)
)

select * from final
