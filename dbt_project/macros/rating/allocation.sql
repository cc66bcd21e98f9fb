{#-
    Parts in whole units of exact shares. Every part is the floor of its share; the units that are missing from the total go to
    the largest remainders, ties to the smallest tie key, then to the first item.

    items: relation or name of a CTE, one row an item (allocation_id, item_no), with
        total numeric                       what the parts add up to: the shares' sum, rounded to the unit
        share_numerator, share_denominator  the exact share; one positive denominator in an allocation
        digits integer                      decimals of the unit (0 = whole units, may be negative)
        tie_key numeric                     null = by item_no

    Gives every row of items with `part` (numeric); 0 where there is no denominator.
-#}
{% macro whole_shares(items) -%}
    {%- set units = times('items.share_numerator', power_of_ten('items.digits')) -%}
    select
        ranked.*,
        case
            when share_denominator is null then 0
            else {{ power_of_ten('-digits') }} * (
                share_floor + case when rest_rank <= {{ times('total', power_of_ten('digits')) }} - floor_sum then 1 else 0 end
            )
        end as part
    from (
        select
            floored.*,
            sum(share_floor) over (partition by allocation_id) as floor_sum,
            row_number() over (
                partition by allocation_id order by share_rest desc, tie_key asc nulls last, item_no asc
            ) as rest_rank
        from (
            select
                items.*,
                {{ floor_of_ratio(units, 'items.share_denominator') }} as share_floor,
                {{ rest_of_ratio(units, 'items.share_denominator') }} as share_rest
            from {{ items }} as items
        ) as floored
    ) as ranked
{%- endmacro %}


{#-
    Largest remainder: a total spread in proportion to weights, to the last unit.

    items: relation or name of a CTE, one row an item (allocation_id, item_no), with total (a multiple of one unit; may be
    negative), weight (of one sign in an allocation; only the proportion counts), digits and tie_key as of whole_shares.

    Gives every row of items with `part`; the parts of an allocation add up to its total. Where the weights add up to nothing
    there is nothing to share by: every part is 0.
-#}
{% macro allocate(items) -%}
    {%- set weight_sum = 'sum(items.weight) over (partition by items.allocation_id)' -%}
    {{ whole_shares('(
        select
            items.*,
            ' ~ times('items.total', 'items.weight') ~ ' * case when ' ~ weight_sum ~ ' < 0 then -1 else 1 end as share_numerator,
            nullif(abs(' ~ weight_sum ~ '), 0) as share_denominator
        from ' ~ items ~ ' as items
    )') }}
{%- endmacro %}
