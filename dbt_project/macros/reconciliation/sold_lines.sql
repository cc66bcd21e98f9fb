{#- Whether a line was sold below what may be given without approval: price below the list price and discount on top of it, in percent. -#}
{% macro is_discount_over(unit_price, list_price, discount_percent, limit_percent) -%}
    coalesce(
        {{ list_price }} * 100 - {{ unit_price }} * (100 - coalesce({{ discount_percent }}, 0))
        > {{ list_price }} * {{ limit_percent }},
        false
    )
{%- endmacro %}


{#- Minor units of a line for one billing period: quantity at the unit price, less the discount. Rounded once. -#}
{% macro net_per_period(quantity, unit_price, discount_percent, exponent) -%}
    {{ round_ratio(
        minor_units_exact(quantity ~ ' * ' ~ unit_price ~ ' * (100 - coalesce(' ~ discount_percent ~ ', 0))', exponent),
        '100'
    ) }}
{%- endmacro %}
