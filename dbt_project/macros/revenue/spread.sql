{#-
    A total spread in proportion to weights, to the last unit, as revenue is spread over months and lines.

    The magnitudes are floored; the units left over go one by one to the largest remainders, ties to the earliest item. A
    negative total mirrors the positive one, so that a credit undoes a charge exactly. What a total holds beyond whole units
    goes to the item that would get the next unit.

    items: relation or name of a CTE, one row an item (split_id, item_no), with
        total numeric       the same on every row of a split; of any sign
        weight numeric      not negative, unless `signed`; only the proportion counts; the sum of a split is not negative
        unit numeric        what parts are multiples of, in the unit of the total: 1 = whole minor units

    weight_sum: column of items with the sum of the weights of its split, where it is known; else it is summed up.

    signed: weights of both signs, as the lines of one invoice may be: shares are floored instead of their magnitudes.

    Gives every row of items with `part` (numeric). The parts of a split add up to its total; where the weights add up to
    nothing there is nothing to share by: null.
-#}
{% macro spread(items, signed=false, weight_sum=none) -%}
    {%- set share = ['abs(total) * weight', 'weight_total * unit'] -%}
    select
        ranked.*,
        case when total < 0 then -1 else 1 end * (
            unit * whole_units + greatest(least(abs(total) - unit * (units_of_split + rest_rank - 1), unit), 0)
        ) as part
    from (
        select
            floored.*,
            sum(whole_units) over (partition by split_id) as units_of_split,
            row_number() over (partition by split_id order by rest desc, item_no asc) as rest_rank
        from (
            select
                weighed.*,
                {{ floor_of_ratio(*share) if signed else whole_quotient(*share) }} as whole_units,
                {{ rest_of_ratio(*share) if signed else 'mod(' ~ share | join(', ') ~ ')' }} as rest
            from (
                select
                    items.*,
                    nullif({{ weight_sum or 'sum(items.weight) over (partition by items.split_id)' }}, 0) as weight_total
                from {{ items }} as items
            ) as weighed
        ) as floored
    ) as ranked
{%- endmacro %}


{#-
    A ratio in whole minor units, half to even (numeric): the rounding of every single product. Null over 0.
    Half away from zero is the floor of (2n + d) / 2d; a tie leaves no remainder, and an odd one goes back by one.
-#}
{% macro half_even(numerator, denominator='1') -%}
    {%- set under = 'nullif(cast(' ~ denominator ~ ' as ' ~ exact_number() ~ '), 0)' -%}
    {%- set doubled = '(2 * abs(' ~ numerator ~ ') + abs(' ~ under ~ '))' -%}
    {%- set rounded = whole_quotient(doubled, '2 * abs(' ~ under ~ ')') -%}
    (case when ({{ numerator }}) < 0 then -1 else 1 end * case when ({{ denominator }}) < 0 then -1 else 1 end * (
        {{ rounded }}
        - case when mod({{ doubled }}, 2 * abs({{ under }})) = 0 then mod({{ rounded }}, 2) else 0 end
    ))
{%- endmacro %}
