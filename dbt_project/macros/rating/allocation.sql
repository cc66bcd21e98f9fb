{#-
    Largest remainder: a total spread in proportion to weights, to the last unit of `digits`. Every part is the floor of its
    exact share; the units left over go to the largest remainders, ties to the smallest tie key, then to the first item.

    items: relation or name of a CTE, one row an item (allocation_id, item_no), with
        total numeric      what is spread, a multiple of one unit; may be negative
        weight numeric     all of one sign in an allocation; only their proportion counts
        digits integer     decimals of the unit (0 = whole units, may be negative)
        tie_key numeric    null = by item_no

    Gives every row of items with `part` (numeric). The parts of an allocation add up to its total. Where the weights add up
    to nothing there is nothing to share by: every part is 0.
-#}
{% macro allocate(items) -%}
    select
        ranked.*,
        case
            when weight_sum = 0 then 0
            else {{ power_of_ten('-digits') }} * (share_floor + case when rest_rank <= units_left then 1 else 0 end)
        end as part
    from (
        select
            floored.*,
            floor(total * {{ power_of_ten('digits') }} - sum(share_floor) over (partition by allocation_id)) as units_left,
            row_number() over (
                partition by allocation_id order by share_rest desc, tie_key asc nulls last, item_no asc
            ) as rest_rank
        from (
            select
                weighted.*,
                {{ floor_of_ratio('units * proportion', 'nullif(abs(weight_sum), 0)') }} as share_floor,
                {{ rest_of_ratio('units * proportion', 'nullif(abs(weight_sum), 0)') }} as share_rest
            from (
                select
                    items.*,
                    items.total * {{ power_of_ten('items.digits') }} as units,
                    sum(items.weight) over (partition by items.allocation_id) as weight_sum,
                    items.weight * sign(sum(items.weight) over (partition by items.allocation_id)) as proportion
                from {{ items }} as items
            ) as weighted
        ) as floored
    ) as ranked
{%- endmacro %}
