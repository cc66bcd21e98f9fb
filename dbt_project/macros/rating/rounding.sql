{#- Rounding of exact numerics. Every macro takes SQL expressions and returns one; nothing here reads a table. Values
    are exact decimals: rounding a double would differ between engines. -#}

{% macro round_minor(value) -%}
    {#- The rounding of an invoice line: to whole minor units, half away from zero, once. -#}
    {{ round_half_up(value) }}
{%- endmacro %}

{% macro floor_ratio(numerator, denominator) -%}
    {#- Exact floor(numerator / denominator) of non-negative numbers: the remainder is taken off before the division, so
        that the quotient is whole and no engine's division scale matters. -#}
    {{ whole_ratio('((' ~ numerator ~ ') - mod((' ~ numerator ~ '), (' ~ denominator ~ ')))', denominator) }}
{%- endmacro %}

{% macro round_ratio(numerator, denominator) -%}
    {#- numerator / denominator rounded half away from zero to a whole number, exactly. The denominator is positive. -#}
    {%- set doubled = '2 * abs(' ~ numerator ~ ') + (' ~ denominator ~ ')' -%}
    cast(
        (case when ({{ numerator }}) < 0 then -1 else 1 end)
        * {{ floor_ratio(doubled, '2 * (' ~ denominator ~ ')') }} as bigint
    )
{%- endmacro %}
