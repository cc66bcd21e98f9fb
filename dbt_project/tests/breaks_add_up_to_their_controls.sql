-- Closure: breaks, residues among them, with what is in time and what is rounding are the control's difference, for
-- every control, comparison, month and currency. A break has one currency; what a wrong currency has in the other is
-- no break's amount, so these months are looked at by the totals alone.
with

totals as (
    select * from {{ ref('recon_control_totals') }}
),

results as (
    select * from {{ ref('recon_results') }}
),

breaks as (
    select
        control_id,
        comparison,
        {{ month_start('business_on') }} as period_month,
        coalesce(currency, 'xxx') as currency,
        sum(coalesce(amount_minor, 0)) as amount_minor
    from {{ ref('recon_breaks') }}
    where status = 'open'
    group by control_id, comparison, {{ month_start('business_on') }}, coalesce(currency, 'xxx')
),

other_currencies as (
    select distinct
        control_id,
        comparison,
        {{ month_start('business_on') }} as period_month
    from results
    where status = 'open' and (outcome = 'CURRENCY' or (outcome = 'DUPLICATE' and amount_minor is null))
),

final as (
    select
        totals.control_id,
        totals.comparison,
        totals.period_month,
        totals.currency,
        totals.difference_minor,
        breaks.amount_minor
    from totals
    left join breaks
        on
            totals.control_id = breaks.control_id
            and totals.comparison = breaks.comparison
            and totals.period_month = breaks.period_month
            and totals.currency = breaks.currency
    left join other_currencies
        on
            totals.control_id = other_currencies.control_id
            and totals.comparison = other_currencies.comparison
            and totals.period_month = other_currencies.period_month
    where
        other_currencies.control_id is null
        and totals.difference_minor
        <> coalesce(breaks.amount_minor, 0) + totals.expected_minor + totals.rounding_minor
)

select * from final
