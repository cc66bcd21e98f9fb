{#- What happens to a line around its price: units, allowance, discount, maximum and minimum, in that order. Numbers that
    a division could cut are numerators over a denominator. -#}

{% macro units_over_allowance(quantity, allowance, billed='0') -%}
    {#- Units that what is left of a period's allowance does not cover. No allowance: all of them. -#}
    greatest(({{ quantity }}) - greatest(coalesce({{ allowance }}, 0) - ({{ billed }}), 0), 0)
{%- endmacro %}

{#-
    Set macro: quantities in the unit of the price. `quantities` has quantity, quantity_denominator, operation (multiply,
    divide; null: none), factor and factor_denominator (positive), rounding_mode (null: exact) and precision_digits. Adds
    converted_numerator over converted_denominator.
-#}
{% macro convert_units(quantities) -%}
    {%- set rounded = round_ratio_as('exact_numerator', 'exact_denominator', 'precision_digits', 'rounding_mode') -%}
    select
        exact.*,
        case when rounding_mode is null then exact_numerator else {{ rounded }} end as converted_numerator,
        case when rounding_mode is null then exact_denominator else 1 end as converted_denominator
    from (
        select
            quantities.*,
            case operation
                when 'multiply' then {{ times('quantity', 'factor') }}
                when 'divide' then {{ times('quantity', 'factor_denominator') }}
                else quantity
            end as exact_numerator,
            case operation
                when 'multiply' then {{ times('quantity_denominator', 'factor_denominator') }}
                when 'divide' then {{ times('quantity_denominator', 'nullif(factor, 0)') }}
                else quantity_denominator
            end as exact_denominator
        from {{ quantities }} as quantities
    ) as exact
{%- endmacro %}

{#-
    Set macro: the cap first, then the minimum, both over the running total of the period. `amounts` has amount,
    previously_billed, minimum_amount, maximum_amount (null: none) and is_last_line: only the last line of a period is
    raised to the minimum. Adds max_discount, min_top_up and bounded_amount.
-#}
{% macro bounded_amounts(amounts) -%}
    select
        topped.*,
        amount - max_discount + min_top_up as bounded_amount
    from (
        select
            capped.*,
            case
                when is_last_line
                    then greatest(coalesce(minimum_amount - previously_billed - (amount - max_discount), 0), 0)
                else 0
            end as min_top_up
        from (
            select
                amounts.*,
                greatest(coalesce(previously_billed + amount - maximum_amount, 0), 0) as max_discount
            from {{ amounts }} as amounts
        ) as capped
    ) as topped
{%- endmacro %}

{#-
    Set macro: percentage discount of a line, rounded by itself, and what is left, rounded. `amounts` has amount_numerator,
    amount_denominator, percent_numerator, percent_denominator (12.5 = 12.5 %; 0 over 1: none), round_digits and
    round_mode (null: exact). Adds percent_discount_numerator and net_numerator over net_denominator.
-#}
{% macro percent_discounted_amounts(amounts) -%}
    {%- set discount = round_ratio_as('discount_exact', 'net_denominator', 'round_digits', 'round_mode') -%}
    {%- set net = round_ratio_as('left_numerator', 'net_denominator', 'round_digits', 'round_mode') -%}
    select
        reduced.*,
        case when round_mode is null then left_numerator else {{ times(net, 'net_denominator') }} end as net_numerator
    from (
        select
            discounts.*,
            {{ times('amount_numerator', 'percent_denominator * 100') }} - percent_discount_numerator as left_numerator
        from (
            select
                shares.*,
                case
                    when round_mode is null then discount_exact
                    else {{ times(discount, 'net_denominator') }}
                end as percent_discount_numerator
            from (
                select
                    amounts.*,
                    {{ times('amount_numerator', 'percent_numerator') }} as discount_exact,
                    {{ times('amount_denominator', 'percent_denominator * 100') }} as net_denominator
                from {{ amounts }} as amounts
            ) as shares
        ) as discounts
    ) as reduced
{%- endmacro %}

{#-
    Set macro: amounts of lines rounded one by one, and rounded together, a row a group. `lines` has amount_numerator,
    amount_denominator, round_digits and round_mode, the last three one a group (a mode of null: exact). Gives
    round_then_sum_numerator and sum_then_round_numerator over sum_denominator: how far the two lie apart is what a
    reconciliation has to explain.
-#}
{% macro line_sums(lines, group_columns) -%}
    {%- set line = round_ratio_as('amount_numerator', 'amount_denominator', 'round_digits', 'round_mode') -%}
    {%- set together = round_ratio_as('sum(amount_numerator)', 'amount_denominator', 'round_digits', 'round_mode') -%}
    select
        {{ group_columns }},
        case
            when round_mode is null then sum(amount_numerator)
            else sum({{ line }})
        end as round_then_sum_numerator,
        case
            when round_mode is null then sum(amount_numerator)
            else {{ together }}
        end as sum_then_round_numerator,
        case when round_mode is null then amount_denominator else 1 end as sum_denominator
    from {{ lines }}
    group by {{ group_columns }}, amount_denominator, round_digits, round_mode
{%- endmacro %}

{% macro precise_ratio(numerator, denominator) -%}
    {#- numerator / denominator (positive) cut after 60 decimals. -#}
    (
        {{ floor_ratio('abs(' ~ numerator ~ ') * ' ~ power_of_ten('60'), denominator) }}
        * {{ power_of_ten('-60') }} * case when ({{ numerator }}) < 0 then -1 else 1 end
    )
{%- endmacro %}
