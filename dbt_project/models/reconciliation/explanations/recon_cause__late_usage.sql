with

results as (
    select * from {{ ref('recon_results') }}
    where
        control_id in ('B1', 'B2') and status = 'open' and outcome = 'QUANTITY'
        and left_row_count = 1 and right_row_count = 1
),

expected_lines as (
    select * from {{ ref('int_billing__expected_invoice_lines') }}
    where line_kind = 'usage'
),

adjustments as (
    select * from {{ ref('int_rating__late_usage_adjustments') }}
),

-- Usage known after the cut-off explains a line that counts exactly that much more than was known in time, by what
-- it is worth.
final as (
    select
        results.control_id,
        results.comparison,
        results.tracking_key,
        'DATA.late' as cause,
        'the line counts usage that was recorded after the cut-off of its period' as explained_by,
        adjustments.gross_as_invoiced_minor - adjustments.gross_as_now_known_minor as explained_minor
    from results
    inner join expected_lines
        on
            results.tracking_key = expected_lines.charge_key
            and results.control_id = case expected_lines.billing_system when 'stripe' then 'B1' else 'B2' end
    inner join adjustments on expected_lines.charge_id = adjustments.charge_id
    where
        adjustments.quantity_as_now_known <> adjustments.quantity_as_invoiced
        and results.quantity_delta = adjustments.quantity_as_invoiced - adjustments.quantity_as_now_known
)

select * from final
