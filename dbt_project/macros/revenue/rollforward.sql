{#-
    Opening balance, movements by cause and closing balance of every month.

    movements: relation or name of a CTE, rows with
        the columns of `keys`   what is rolled forward: an account of a customer, say; never null
        month_on date           first day of the month
        the columns of `measures`, amounts of one sign rule: debit positive, or the natural side of the account
        whatever the conditions of `causes` read
    causes: name of a cause -> condition on a movement; no movement may meet two. What meets none is `adjusted`.
    measures: column of an amount -> names of what it gives, `*` stands for opening, a cause, adjusted or closing

    Gives one row a key and month from its first movement to its last, empty months as well: keys, month_on, and of
    each measure opening, the causes, adjusted, closing: opening + causes + adjusted = closing = the next opening.
-#}
{% macro rollforward_of(
    movements,
    causes={'billed': "rule = 'invoice'", 'recognised': "rule in ('schedule', 'unbilled')"},
    keys=['balance_id'],
    measures={'amount': '*'}
) -%}
    {%- set key_list = keys | join(', ') -%}
    select
        {{ key_list }},
        month_on
        {%- for measure, names in measures.items() %}
        {%- set closing = 'sum(' ~ measure ~ '_moved) over (partition by ' ~ key_list ~ ' order by month_on)' %},
        {{ closing }} - {{ measure }}_moved as {{ names | replace('*', 'opening') }}
        {%- for cause in causes %},
        {{ names | replace('*', cause) }}
        {%- endfor %},
        {{ measure }}_moved
        {%- for cause in causes %} - {{ names | replace('*', cause) }}{% endfor %}
            as {{ names | replace('*', 'adjusted') }},
        {{ closing }} as {{ names | replace('*', 'closing') }}
        {%- endfor %}
    from (
        select
            {%- for key in keys %}
            spans.{{ key }},
            {%- endfor %}
            months.month_on
            {%- for measure, names in measures.items() %},
            coalesce(sum(movements.{{ measure }}), 0) as {{ measure }}_moved
            {%- for cause, condition in causes.items() %},
            coalesce(sum(case when {{ condition }} then movements.{{ measure }} end), 0)
                as {{ names | replace('*', cause) }}
            {%- endfor %}
            {%- endfor %}
        from (
            select
                {{ key_list }},
                min(month_on) as first_on,
                max(month_on) as last_on
            from {{ movements }} as movements
            group by {{ key_list }}
        ) as spans
        cross join {{ month_series('spans.first_on', add_days('spans.last_on', 1), 'months') }}
        left join {{ movements }} as movements
            on
                {%- for key in keys %}
                spans.{{ key }} = movements.{{ key }}
                and
                {%- endfor %} months.month_on = movements.month_on
        group by {% for key in keys %}spans.{{ key }}, {% endfor %}months.month_on
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
