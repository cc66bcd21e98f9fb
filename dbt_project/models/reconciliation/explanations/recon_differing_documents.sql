with

results as (
    select * from {{ ref('recon_results') }}
    where control_id in ('B1', 'B2') and status = 'open' and outcome = 'AMOUNT' and left_row_count = 1
),

expected_lines as (
    select * from {{ ref('int_billing__expected_invoice_lines') }}
),

invoice_lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
    where is_billed
),

documents as (
    select
        charge_id,
        document_id
    from {{ ref('int_billing__discountable_lines') }}
),

-- Documents with a line that costs another amount than expected.
of_breaks as (
    select documents.document_id
    from results
    inner join expected_lines
        on
            results.tracking_key = expected_lines.charge_key
            and results.control_id = case expected_lines.billing_system when 'stripe' then 'B1' else 'B2' end
    inner join documents on expected_lines.charge_id = documents.charge_id
),

invoiced as (
    select
        billing_system,
        charge_key,
        min(invoice_id) as invoice_id,
        count(*) as line_count,
        sum(net_minor) as net_minor,
        sum(tax_minor) as tax_minor
    from invoice_lines
    group by billing_system, charge_key
),

compared as (
    select
        documents.document_id,
        count(*) as line_count,
        sum(case when invoiced.line_count = 1 and invoiced.net_minor = expected_lines.net_minor then 1 else 0 end)
            as agreed_count,
        min(invoiced.invoice_id) as invoice_id,
        max(invoiced.invoice_id) as last_invoice_id,
        min(expected_lines.billing_system) as billing_system,
        min(expected_lines.currency) as currency,
        sum(expected_lines.tax_minor) as expected_tax_minor,
        sum(invoiced.tax_minor) as invoiced_tax_minor
    from expected_lines
    inner join documents on expected_lines.charge_id = documents.charge_id
    left join invoiced
        on
            expected_lines.billing_system = invoiced.billing_system
            and expected_lines.charge_key = invoiced.charge_key
    group by documents.document_id
),

-- Documents that one invoice carries line by line as expected, with another tax.
of_taxes as (
    select * from compared
    where
        agreed_count = line_count
        and invoice_id = last_invoice_id
        and expected_tax_minor <> invoiced_tax_minor
),

final as (
    select
        of_breaks.document_id,
        'line' as differs_in,
        cast(null as text) as billing_system,
        cast(null as text) as invoice_id,
        cast(null as text) as currency,
        cast(null as bigint) as expected_tax_minor,
        cast(null as bigint) as invoiced_tax_minor
    from of_breaks
    group by of_breaks.document_id
    union all
    select
        of_taxes.document_id,
        'tax' as differs_in,
        of_taxes.billing_system,
        of_taxes.invoice_id,
        of_taxes.currency,
        cast(of_taxes.expected_tax_minor as bigint) as expected_tax_minor,
        cast(of_taxes.invoiced_tax_minor as bigint) as invoiced_tax_minor
    from of_taxes
)

select * from final
