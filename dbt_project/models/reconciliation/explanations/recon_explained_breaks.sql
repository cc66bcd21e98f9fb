with

results as (
    select * from {{ ref('recon_results') }}
    where control_id in ('B1', 'B2') and status = 'open' and outcome = 'AMOUNT' and left_row_count = 1
),

expected_lines as (
    select * from {{ ref('int_billing__expected_invoice_lines') }}
),

alternatives as (
    select * from {{ ref('recon_alternative_lines') }}
),

-- A setting explains a break when the line costs to the minor unit what it would under that setting alone.
explaining as (
    select
        results.control_id,
        results.tracking_key,
        results.currency,
        results.amount_minor as explained_minor,
        {{ setting_text('alternatives.convention', 'alternatives.setting') }} as explained_by,
        row_number() over (
            partition by results.control_id, results.tracking_key
            order by {{ convention_rank('alternatives.convention') }}, alternatives.setting
        ) as place
    from results
    inner join expected_lines
        on
            results.tracking_key = expected_lines.charge_key
            and results.control_id = case expected_lines.billing_system when 'stripe' then 'B1' else 'B2' end
    inner join alternatives
        on
            expected_lines.charge_id = alternatives.charge_id
            and expected_lines.net_minor - alternatives.net_minor = results.amount_minor
),

final as (
    select
        control_id,
        tracking_key,
        currency,
        explained_by,
        explained_minor
    from explaining
    where place = 1
)

select * from final
