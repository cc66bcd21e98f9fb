{#-
    Opening balance, movements by cause and closing balance of every month.

    movements: relation or name of a CTE, rows with
        balance_id          what is rolled forward: an account of a customer, say
        month_on date       first day of the month
        rule text           of the entry
        amount              debit positive

    Gives one row a balance and month from the first movement to the last, months without one as well: balance_id, month_on,
    opening, billed (rule invoice), recognised (rules schedule and unbilled), adjusted (all others), closing, debit positive.
-#}
{% macro rollforward_of(movements) -%}
    select
        balance_id,
        month_on,
        sum(moved) over (partition by balance_id order by month_on) - moved as opening,
        billed,
        recognised,
        moved - billed - recognised as adjusted,
        sum(moved) over (partition by balance_id order by month_on) as closing
    from (
        select
            spans.balance_id,
            months.month_on,
            coalesce(sum(movements.amount), 0) as moved,
            coalesce(sum(case when movements.rule = 'invoice' then movements.amount end), 0) as billed,
            coalesce(sum(case when movements.rule in ('schedule', 'unbilled') then movements.amount end), 0) as recognised
        from (
            select
                balance_id,
                min(month_on) as first_on,
                max(month_on) as last_on
            from {{ movements }} as movements
            group by balance_id
        ) as spans
        cross join {{ month_series('spans.first_on', add_days('spans.last_on', 1), 'months') }}
        left join {{ movements }} as movements
            on spans.balance_id = movements.balance_id and months.month_on = movements.month_on
        group by spans.balance_id, months.month_on
    ) as by_month
{%- endmacro %}


{#-
    Remaining performance obligations of contract lines on a day: what is contracted and not earned before it.

    lines: one row a contract line: line_id, as_of date, amount (contracted) and billed (minor units)
    months: the plan of those lines: line_id, from_on, until_on, amount

    Gives one row a line: line_id, total, within_12_months (by months of the plan), after_12_months, deferred (billed and not
    earned), unbilled_rpo (the rest).
-#}
{% macro remaining_obligations(lines, months) -%}
    {%- set before = earned_before('months.amount', 'months.from_on', 'months.until_on', 'lines.as_of') -%}
    {%- set before_next_year = earned_before(
        'months.amount', 'months.from_on', 'months.until_on', add_months_to_date('lines.as_of', 12)
    ) -%}
    select
        line_id,
        amount - earned as total,
        earned_in_a_year - earned as within_12_months,
        amount - earned_in_a_year as after_12_months,
        greatest(billed - earned, 0) as deferred,
        amount - earned - greatest(billed - earned, 0) as unbilled_rpo
    from (
        select
            lines.line_id,
            lines.amount,
            lines.billed,
            coalesce(sum({{ before }}), 0) as earned,
            coalesce(sum({{ before_next_year }}), 0) as earned_in_a_year
        from {{ lines }} as lines
        left join {{ months }} as months on lines.line_id = months.line_id
        group by lines.line_id, lines.amount, lines.billed
    ) as lines
{%- endmacro %}
