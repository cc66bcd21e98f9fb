{#-
    Revenue of rights that are redeemed over time (points, vouchers, credits), with breakage in proportion (ASC 606-10-55-48,
    IFRS 15.B46).

    periods: relation or name of a CTE, one row a right and period (right_id, period_no), with
        allocated numeric                           minor units that the right's obligation was given
        redeemed_to_date, expected_total numeric    units redeemed so far; units that are expected to be redeemed at all
        round_to numeric                            step of the amounts in minor units

    Revenue to date is allocated x redeemed / expected, half to even, and never more than what was allocated; a change of the
    estimate catches up in its period. Gives every row of periods with `revenue` (of the period) and `liability` (after it);
    null where nothing is expected to be redeemed.
-#}
{% macro redeemed_revenue(periods) -%}
    select
        dated.*,
        revenue_to_date - coalesce(
            lag(revenue_to_date) over (partition by right_id order by period_no), 0
        ) as revenue,
        allocated - revenue_to_date as liability
    from (
        select
            periods.*,
            case
                when redeemed_to_date >= expected_total and expected_total > 0 then allocated
                else least(
                    round_to * {{ half_even('allocated * redeemed_to_date', 'expected_total * round_to') }}, allocated
                )
            end as revenue_to_date
        from {{ periods }} as periods
    ) as dated
{%- endmacro %}
