{{ config(materialized='view') }}

with

breaks as (
    select * from {{ ref('recon_open_breaks') }}
    where is_unexplained
),

controls as (
    select * from {{ ref('recon_controls') }}
    where blocking
),

billings as (
    select * from {{ ref('recon_monthly_billings') }}
),

by_control as (
    select
        control_id,
        {{ month_start('business_on') }} as period_month,
        currency,
        count(*) as break_count,
        coalesce(sum(abs(remaining_minor)), 0) as gross_breaks_minor
    from breaks
    group by control_id, {{ month_start('business_on') }}, currency
),

measured as (
    select
        by_control.*,
        controls.name,
        controls.materiality_share,
        controls.materiality_share * coalesce(billings.billed_minor, 0) as allowed_minor
    from by_control
    inner join controls on by_control.control_id = controls.control_id
    left join billings on by_control.period_month = billings.period_month and by_control.currency = billings.currency
),

-- Gross, not net: offsetting breaks do not excuse each other. A control without materiality, or amounts, allows none.
final as (
    select
        period_month,
        'open breaks' as gate,
        control_id,
        currency,
        name || ': open breaks above materiality' as reason,
        cast(break_count as bigint) as break_count,
        cast(gross_breaks_minor as bigint) as amount_minor
    from measured
    where materiality_share = 0 or gross_breaks_minor > allowed_minor
)

select * from final
