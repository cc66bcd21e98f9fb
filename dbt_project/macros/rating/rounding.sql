{#- Rounding of exact numerics. Every macro takes SQL expressions and returns one; nothing here reads a table. Values
    are exact decimals: rounding a double would differ between engines. -#}

{% macro round_to(value, digits=0, mode='half_up') -%}
    {#- `digits` may be negative (-2 rounds to hundreds). The value is scaled by multiplication only, which is exact.
        The factor has a decimal point: a whole number would fall into a floating overload of ceil or floor. -#}
    {%- set up = '1' ~ '0' * digits ~ '.0' if digits >= 0 else '0.' ~ '0' * (-digits - 1) ~ '1' -%}
    {%- set down = '0.' ~ '0' * (digits - 1) ~ '1' if digits > 0 else '1' ~ '0' * -digits -%}
    {%- set sign_of = '(case when (' ~ value ~ ') < 0 then -1 else 1 end)' -%}
    {%- set scaled = '((' ~ value ~ ') * ' ~ up ~ ')' -%}
    ({%- if mode == 'half_up' -%}
        round({{ scaled }})
    {%- elif mode == 'half_down' -%}
        {{ sign_of }} * ceil(abs({{ scaled }}) - 0.5)
    {%- elif mode == 'half_even' -%}
        case
            when mod(abs({{ scaled }}), 1) = 0.5 then {{ sign_of }} * 2 * floor(abs({{ scaled }}) * 0.5 + 0.5)
            else {{ sign_of }} * floor(abs({{ scaled }}) + 0.5)
        end
    {%- elif mode == 'up' -%}
        {{ sign_of }} * ceil(abs({{ scaled }}))
    {%- elif mode == 'down' -%}
        {{ sign_of }} * floor(abs({{ scaled }}))
    {%- elif mode == 'ceil' -%}
        ceil({{ scaled }})
    {%- elif mode == 'floor' -%}
        floor({{ scaled }})
    {%- else -%}
        {{ exceptions.raise_compiler_error("round_to: unknown mode '" ~ mode ~ "'") }}
    {%- endif %} * {{ down }})
{%- endmacro %}

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
