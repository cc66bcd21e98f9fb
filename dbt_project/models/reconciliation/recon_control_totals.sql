{{ config(indexes=[{'columns': ['control_id', 'comparison', 'period_month', 'currency'], 'unique': true}]) }}

with

sides as (
    select * from {{ ref('recon_sides') }}
),

results as (
    select * from {{ ref('recon_results') }}
),

-- Left less right, row by row, straight from the populations; the result of its key says which month it counts in (both
-- sides: an invoice of October paid in November is October's matter). A break has one currency; what it has in another,
-- and all of one that has several on a side, is told from the rows.
signed as (
    select
        sides.control_id,
        sides.comparison,
        {{ month_start('coalesce(results.business_on, sides.business_on)') }} as period_month,
        sides.currency,
        sides.side,
        case
            when
                sides.currency <> coalesce(results.currency, 'xxx')
                or (results.amount_minor is null and sides.amount_minor is not null)
                then results.status
        end as status_of_other_currency,
        coalesce(sides.amount_minor, 0) as amount_minor,
        coalesce(sides.quantity, 0) as quantity,
        case when sides.side = 'left' then 1 else -1 end as direction
    from sides
    left join results
        on
            sides.control_id = results.control_id
            and sides.comparison = results.comparison
            and sides.tracking_key = results.tracking_key
),

sums as (
    select
        control_id,
        comparison,
        period_month,
        currency,
        sum(case when side = 'left' then amount_minor else 0 end) as left_minor,
        sum(case when side = 'right' then amount_minor else 0 end) as right_minor,
        sum(direction * amount_minor) as difference_minor,
        sum(case when status_of_other_currency = 'open' then direction * amount_minor else 0 end) as other_open_minor,
        sum(case when status_of_other_currency = 'expected' then direction * amount_minor else 0 end)
            as other_expected_minor,
        sum(case when side = 'left' then quantity else 0 end) as left_quantity,
        sum(case when side = 'right' then quantity else 0 end) as right_quantity,
        sum(case when side = 'left' then 1 else 0 end) as left_count,
        sum(case when side = 'right' then 1 else 0 end) as right_count
    from signed
    group by control_id, comparison, period_month, currency
),

-- What the comparison says of the keys.
outcomes as (
    select
        control_id,
        comparison,
        {{ month_start('business_on') }} as period_month,
        coalesce(currency, 'xxx') as currency,
        sum(case when status = 'matched' then 1 else 0 end) as matched_count,
        sum(case when status = 'rounding' then 1 else 0 end) as rounding_count,
        sum(case when status = 'expected' then 1 else 0 end) as expected_count,
        sum(case when status = 'open' then 1 else 0 end) as break_count,
        sum(case when status = 'open' then amount_minor else 0 end) as breaks_minor,
        sum(case when status = 'expected' then amount_minor else 0 end) as expected_minor,
        sum(case when status = 'rounding' then amount_minor else 0 end) as rounding_minor,
        sum(case when status = 'open' then abs(amount_minor) else 0 end) as gross_breaks_minor
    from results
    group by control_id, comparison, {{ month_start('business_on') }}, coalesce(currency, 'xxx')
),

told as (
    select
        sums.*,
        sums.other_open_minor + coalesce(outcomes.breaks_minor, 0) as breaks_minor,
        sums.other_expected_minor + coalesce(outcomes.expected_minor, 0) as expected_minor,
        coalesce(outcomes.rounding_minor, 0) as rounding_minor,
        coalesce(outcomes.gross_breaks_minor, 0) + abs(sums.other_open_minor) as gross_breaks_minor,
        coalesce(outcomes.matched_count, 0) as matched_count,
        coalesce(outcomes.rounding_count, 0) as rounding_count,
        coalesce(outcomes.expected_count, 0) as expected_count,
        coalesce(outcomes.break_count, 0) as break_count
    from sums
    left join outcomes
        on
            sums.control_id = outcomes.control_id
            and sums.comparison = outcomes.comparison
            and sums.period_month = outcomes.period_month
            and sums.currency = outcomes.currency
),

final as (
    select
        control_id,
        comparison,
        period_month,
        currency,
        cast(left_minor as bigint) as left_minor,
        cast(right_minor as bigint) as right_minor,
        cast(difference_minor as bigint) as difference_minor,
        cast(breaks_minor as bigint) as breaks_minor,
        cast(gross_breaks_minor as bigint) as gross_breaks_minor,
        cast(expected_minor as bigint) as expected_minor,
        cast(rounding_minor as bigint) as rounding_minor,
        cast(difference_minor - breaks_minor - expected_minor - rounding_minor as bigint) as residue_minor,
        left_quantity,
        right_quantity,
        left_count,
        right_count,
        matched_count,
        rounding_count,
        expected_count,
        break_count
    from told
)

select * from final
