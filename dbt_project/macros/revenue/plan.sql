{#- The plan of a line: which part of it is earned when, before any event takes something out again. -#}

{#- What is earned of an amount over [from_on, until_on) before the start of a day; an amount whose days are none is earned at
    once. Single products are rounded half to even. -#}
{% macro earned_before(amount, from_on, until_on, day) -%}
    (case
        when {{ until_on }} <= {{ day }} then {{ amount }}
        when {{ from_on }} >= {{ day }} then 0
        else
            cast({{ half_even(
                '(' ~ amount ~ ') * ' ~ days_between(from_on, day), days_between(from_on, until_on)
            ) }} as bigint)
    end)
{%- endmacro %}


{#-
    Pieces of a plan: the months of lines, cut once more where a line is billed for days that were accrued before.

    months: one row a line and month: line_id, from_on, until_on, amount (a schedule's, over the days on which they are earned)
    lines: one row a line, with
        line_id
        billed_on date    of its invoice; null while it is not billed
        accrues boolean   whether days before the invoice are revenue not billed yet (else they are caught up on it)

    Gives one row a piece: line_id, from_on, until_on, amount, is_accrued (earned before it was billed).
-#}
{% macro plan_pieces(months, lines) -%}
    select
        months.line_id,
        case when sides.is_accrued then months.from_on else greatest(months.from_on, months.cut_on) end as from_on,
        case when sides.is_accrued then least(months.until_on, months.cut_on) else months.until_on end as until_on,
        case
            when sides.is_accrued then months.accrued
            else months.amount - months.accrued
        end as amount,
        sides.is_accrued
    from (
        select
            months.*,
            lines.cut_on,
            {{ earned_before('months.amount', 'months.from_on', 'months.until_on', 'lines.cut_on') }} as accrued
        from {{ months }} as months
        inner join (
            select
                lines.line_id,
                case
                    when lines.accrues then coalesce(lines.billed_on, cast('9999-12-31' as date))
                    else cast('0001-01-01' as date)
                end as cut_on
            from {{ lines }} as lines
        ) as lines on months.line_id = lines.line_id
    ) as months
    inner join (
        select true as is_accrued
        union all
        select false as is_accrued
    ) as sides
        on case when sides.is_accrued then months.from_on < months.cut_on else months.until_on > months.cut_on end
{%- endmacro %}
