with

results as (
    select * from {{ ref('recon_results') }}
    where control_id in ('B1', 'B2') and status = 'open' and outcome = 'MISSING_RIGHT' and left_row_count = 1
),

void_lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
    where invoice_status = 'void'
),

-- A charge that stood on an invoice that was voided, and that no other invoice took over.
voided as (
    select
        results.control_id,
        results.comparison,
        results.tracking_key,
        min(void_lines.invoice_id) as invoice_id,
        max(void_lines.net_minor) as net_minor
    from results
    inner join void_lines
        on
            results.tracking_key = void_lines.charge_key
            and results.currency = void_lines.currency
            and results.control_id = case void_lines.billing_system when 'stripe' then 'B1' else 'B2' end
    group by results.control_id, results.comparison, results.tracking_key
),

final as (
    select
        control_id,
        comparison,
        tracking_key,
        'HUMAN.override' as cause,
        'invoice ' || invoice_id || ' was voided and not issued again' as explained_by,
        net_minor as explained_minor
    from voided
)

select * from final
