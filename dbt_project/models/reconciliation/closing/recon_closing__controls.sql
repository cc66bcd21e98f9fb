{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_closing__periods') }}
),

totals as (
    select * from {{ ref('recon_control_totals') }}
),

controls as (
    select * from {{ ref('recon_controls') }}
),

-- Controls look at billing, which knows one company, the books' entity main.
final as (
    select
        periods.entity,
        periods.period,
        totals.control_id,
        controls.name,
        totals.comparison,
        totals.currency,
        totals.left_minor,
        totals.right_minor,
        totals.breaks_minor,
        totals.expected_minor,
        totals.rounding_minor,
        totals.residue_minor,
        totals.matched_count,
        totals.expected_count,
        totals.rounding_count,
        totals.break_count
    from periods
    inner join totals on periods.entity = 'main' and periods.period = totals.period_month
    inner join controls on totals.control_id = controls.control_id
)

select * from final
