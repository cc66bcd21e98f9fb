{#- What stands between the price of a line and its total. Amounts in minor units. -#}

{% macro percent_discount(gross, percent_off) -%}
    {#- Percentage (12.5 = 12.5 %) of one line, rounded half away from zero. -#}
    {{ round_minor('(' ~ gross ~ ') * (' ~ percent_off ~ ') * 0.01') }}
{%- endmacro %}

{% macro largest_remainder_floor(total, weight, weight_sum) -%}
    {#- Whole part of a share of `total` in proportion to weight / weight_sum. -#}
    {{ floor_ratio('(' ~ total ~ ') * (' ~ weight ~ ')', weight_sum) }}
{%- endmacro %}

{% macro largest_remainder_rest(total, weight, weight_sum) -%}
    {#- What the whole part leaves, comparable between shares of one total: the largest get the left-over units. -#}
    mod(({{ total }}) * ({{ weight }}), ({{ weight_sum }}))
{%- endmacro %}

{% macro tax_minor(taxable, rate) -%}
    {#- Exclusive tax of one line (rate 0.19 = 19 %), rounded half away from zero. -#}
    {{ round_minor('(' ~ taxable ~ ') * (' ~ rate ~ ')') }}
{%- endmacro %}

{% macro bounded_amount(amount, previously_billed='0', minimum=none, maximum=none) -%}
    {#- The cap first, then the minimum, both over the running total of the period. -#}
    {%- set room = '(' ~ maximum ~ ') - (' ~ previously_billed ~ ')' -%}
    {%- set capped = 'least((' ~ amount ~ '), ' ~ room ~ ')' if maximum is not none else '(' ~ amount ~ ')' -%}
    {%- if minimum is not none -%}
        greatest({{ capped }}, ({{ minimum }}) - ({{ previously_billed }}))
    {%- else -%}
        {{ capped }}
    {%- endif -%}
{%- endmacro %}
