{#- Rounding of exact numerics. Every macro takes SQL expressions and returns one; nothing here reads a table. Values
    are exact decimals: rounding a double would differ between engines. -#}

{% macro round_minor(value) -%}
    {#- The rounding of an invoice line: to whole minor units, half away from zero, once. -#}
    {{ round_half_up(value) }}
{%- endmacro %}

{% macro floor_ratio(numerator, denominator) -%}
    {#- Exact floor(numerator / denominator) of non-negative numbers: the remainder is taken off before the division, so
        that the quotient is whole and no engine's division scale matters. -#}
    ((({{ numerator }}) - mod(({{ numerator }}), ({{ denominator }}))) / ({{ denominator }}))
{%- endmacro %}

{% macro round_ratio(numerator, denominator) -%}
    {#- numerator / denominator rounded half away from zero to a whole number, exactly. The denominator is positive. -#}
    {%- set doubled = '2 * abs(' ~ numerator ~ ') + (' ~ denominator ~ ')' -%}
    cast(
        (case when ({{ numerator }}) < 0 then -1 else 1 end)
        * {{ floor_ratio(doubled, '2 * (' ~ denominator ~ ')') }} as bigint
    )
{%- endmacro %}

{% macro round_as(value, digits, mode) -%}
    {#- An exact value rounded as data says: `digits` (may be negative) and `mode` are expressions, one a row. A mode of
        null leaves the value as it is. -#}
    {%- set scaled = '(' ~ value ~ ') * ' ~ power_of_ten(digits) -%}
    {%- set sign_of = '(case when (' ~ value ~ ') < 0 then -1 else 1 end)' -%}
    (case
        when ({{ mode }}) is null then ({{ value }})
        when ({{ mode }}) = 'half_up' then {{ round_half_up_at(value, digits) }}
        else {{ power_of_ten('-(' ~ digits ~ ')') }} * case ({{ mode }})
            when 'half_down' then {{ sign_of }} * ceil(abs({{ scaled }}) - 0.5)
            when 'half_even' then {{ sign_of }} * case
                when mod(abs({{ scaled }}), 1) = 0.5 then 2 * floor(abs({{ scaled }}) * 0.5 + 0.5)
                else floor(abs({{ scaled }}) + 0.5)
            end
            when 'up' then {{ sign_of }} * ceil(abs({{ scaled }}))
            when 'down' then {{ sign_of }} * floor(abs({{ scaled }}))
            when 'ceil' then ceil({{ scaled }})
            when 'floor' then floor({{ scaled }})
        end
    end)
{%- endmacro %}

{% macro round_ratio_as(numerator, denominator, digits, mode) -%}
    {#- numerator / denominator (positive) rounded as data says, exactly: the whole part and what it leaves decide, no
        quotient is ever cut. A mode of null gives the quotient at the engine's scale; an unknown mode gives null. -#}
    {%- set over = '(abs(' ~ numerator ~ ') * ' ~ power_of_ten('greatest(' ~ digits ~ ', 0)') ~ ')' -%}
    {%- set under = '((' ~ denominator ~ ') * ' ~ power_of_ten('greatest(-(' ~ digits ~ '), 0)') ~ ')' -%}
    {%- set rest = 'mod(' ~ over ~ ', ' ~ under ~ ')' -%}
    {%- set whole = whole_quotient(over, under) -%}
    (case
        when ({{ mode }}) is null then ({{ numerator }}) / ({{ denominator }})
        else
            (case when ({{ numerator }}) < 0 then -1 else 1 end)
            * {{ power_of_ten('-(' ~ digits ~ ')') }}
            * case ({{ mode }})
                when 'half_up' then {{ whole_quotient('2 * ' ~ over ~ ' + ' ~ under, '2 * ' ~ under) }}
                when 'half_down' then {{ whole }} + case when 2 * {{ rest }} > {{ under }} then 1 else 0 end
                when 'half_even' then {{ whole }} + case
                    when 2 * {{ rest }} > {{ under }} then 1
                    when 2 * {{ rest }} = {{ under }} and mod({{ whole }}, 2) = 1 then 1
                    else 0
                end
                when 'up' then {{ whole }} + case when {{ rest }} > 0 then 1 else 0 end
                when 'down' then {{ whole }}
                when 'ceil' then {{ whole }} + case when {{ rest }} > 0 and ({{ numerator }}) > 0 then 1 else 0 end
                when 'floor' then {{ whole }} + case when {{ rest }} > 0 and ({{ numerator }}) < 0 then 1 else 0 end
            end
    end)
{%- endmacro %}
