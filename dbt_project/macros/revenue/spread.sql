{#-
    A total spread in proportion to weights, to the last unit, as revenue is spread over months and lines.

    The magnitudes are floored; the units left over go one by one to the largest remainders, ties to the earliest item. A
    negative total mirrors the positive one, so that a credit undoes a charge exactly. What a total holds beyond whole units
    goes to the item that would get the next unit.

    items: relation or name of a CTE, one row an item (split_id, item_no), with
        total numeric       the same on every row of a split; of any sign
        weight numeric      not negative; only the proportion counts
        unit numeric        what parts are multiples of, in the unit of the total: 1 = whole minor units

    Gives every row of items with `part` (numeric). The parts of a split add up to its total; where the weights add up to
    nothing there is nothing to share by: null.
-#}
{% macro spread(items) -%}
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
                {{ whole_quotient('abs(total) * weight', 'weight_sum * unit') }} as whole_units,
                mod(abs(total) * weight, weight_sum * unit) as rest
            from (
                select
                    items.*,
                    nullif(sum(items.weight) over (partition by items.split_id), 0) as weight_sum
                from {{ items }} as items
            ) as weighed
        ) as floored
    ) as ranked
{%- endmacro %}


{#- A ratio (positive denominator) in whole minor units, half to even (numeric): the rounding of every single product. -#}
{% macro half_even(numerator, denominator='1') -%}
    {{ round_ratio_as(numerator, denominator, '0', "'half_even'") }}
{%- endmacro %}
