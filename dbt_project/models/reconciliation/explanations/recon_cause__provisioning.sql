with

results as (
    select * from {{ ref('recon_results') }}
    where
        control_id in ('B1', 'B2') and status = 'open' and outcome = 'QUANTITY'
        and left_row_count = 1 and right_row_count = 1
),

expected_lines as (
    select * from {{ ref('int_billing__expected_invoice_lines') }}
),

charges as (
    select * from {{ ref('int_billing__charges') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
    where kind = 'recurring'
),

features as (
    select * from {{ ref('stg_catalog__plan_features') }}
    where quantity > 0 and not is_deleted
),

entitlements as (
    select * from {{ ref('stg_control_plane__entitlements') }}
    where not is_deleted
),

-- What was provisioned at the start of the period explains a line that bills exactly that, at the price agreed.
billed_as_provisioned as (
    select
        results.control_id,
        results.comparison,
        results.tracking_key,
        results.amount_minor as explained_minor,
        min(features.feature_code) as feature_code,
        min(entitlements.quantity) as entitled_quantity
    from results
    inner join expected_lines
        on
            results.tracking_key = expected_lines.charge_key
            and results.control_id = case expected_lines.billing_system when 'stripe' then 'B1' else 'B2' end
    inner join charges on expected_lines.charge_id = charges.charge_id
    inner join prices on expected_lines.price_code = prices.price_code
    inner join features on prices.plan_code = features.plan_code
    inner join entitlements
        on
            expected_lines.account_id = entitlements.account_id
            and features.feature_code = entitlements.feature_code
            and expected_lines.period_start >= entitlements.valid_from_at
            and (entitlements.valid_to_at is null or expected_lines.period_start < entitlements.valid_to_at)
    where
        (expected_lines.quantity - results.quantity_delta) * features.quantity = entitlements.quantity
        and abs(charges.unit_amount_minor * results.quantity_delta - results.amount_minor) <= 1
    group by results.control_id, results.comparison, results.tracking_key, results.amount_minor
),

final as (
    select
        control_id,
        comparison,
        tracking_key,
        'TIMING.approval' as cause,
        'billed as provisioned: ' || cast(entitled_quantity as text) || ' of ' || feature_code as explained_by,
        explained_minor
    from billed_as_provisioned
)

select * from final
