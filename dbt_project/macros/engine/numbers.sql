{#- Exact numbers. A macro argument may be any expression: it is parenthesised here. -#}

{#- Half away from zero, to a whole number (bigint). -#}
{% macro round_half_up(number) -%}
    {{ return(adapter.dispatch('round_half_up', 'tieout')(number)) }}
{%- endmacro %}

{% macro default__round_half_up(number) -%}
    cast(round(cast({{ number }} as numeric)) as bigint)
{%- endmacro %}


{#- Major units to minor units without rounding (numeric): for unit prices. -#}
{% macro minor_units_exact(amount_major, exponent) -%}
    {{ return(adapter.dispatch('minor_units_exact', 'tieout')(amount_major, exponent)) }}
{%- endmacro %}

{% macro default__minor_units_exact(amount_major, exponent) -%}
    (cast({{ amount_major }} as numeric) * power(cast(10 as numeric), {{ exponent }}))
{%- endmacro %}


{#- Major units to whole minor units, half away from zero. -#}
{% macro minor_units(amount_major, exponent) -%}
    {{ round_half_up(minor_units_exact(amount_major, exponent)) }}
{%- endmacro %}


{#- Exact product. -#}
{% macro multiply(left, right) -%}
    {{ return(adapter.dispatch('multiply', 'tieout')(left, right)) }}
{%- endmacro %}

{% macro default__multiply(left, right) -%}
    (cast({{ left }} as numeric) * cast({{ right }} as numeric))
{%- endmacro %}


{#- Quotient as numeric; null when the divisor is 0. Multiply first, divide last, round once. -#}
{% macro divide(dividend, divisor) -%}
    {{ return(adapter.dispatch('divide', 'tieout')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__divide(dividend, divisor) -%}
    (cast({{ dividend }} as numeric) / nullif(cast({{ divisor }} as numeric), 0))
{%- endmacro %}


{#- Exact power of ten with a whole exponent, which may be negative: 10^-2 is 0.01 and nothing near it. -#}
{% macro power_of_ten(exponent) -%}
    {{ return(adapter.dispatch('power_of_ten', 'tieout')(exponent)) }}
{%- endmacro %}

{% macro default__power_of_ten(exponent) -%}
    cast('1e' || cast({{ exponent }} as text) as numeric)
{%- endmacro %}


{#- Half away from zero, to a number of digits that may be negative (numeric). -#}
{% macro round_half_up_at(number, digits) -%}
    {{ return(adapter.dispatch('round_half_up_at', 'tieout')(number, digits)) }}
{%- endmacro %}

{% macro default__round_half_up_at(number, digits) -%}
    round(cast({{ number }} as numeric), cast({{ digits }} as integer))
{%- endmacro %}


{#- Greatest common divisor of two exact numbers (numeric); what reduces a fraction. -#}
{% macro greatest_common_divisor(left, right) -%}
    {{ return(adapter.dispatch('greatest_common_divisor', 'tieout')(left, right)) }}
{%- endmacro %}

{% macro default__greatest_common_divisor(left, right) -%}
    gcd(cast({{ left }} as numeric), cast({{ right }} as numeric))
{%- endmacro %}


{#- Quotient cut to a whole number, toward zero and exactly: no engine's division scale matters. -#}
{% macro whole_quotient(dividend, divisor) -%}
    {{ return(adapter.dispatch('whole_quotient', 'tieout')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__whole_quotient(dividend, divisor) -%}
    div(cast({{ dividend }} as numeric), cast({{ divisor }} as numeric))
{%- endmacro %}


{#- Aggregate: the least common multiple of whole numbers above 0, exactly; 1 for a group without rows. -#}
{% macro least_common_multiple_of(number) -%}
    {{ return(adapter.dispatch('least_common_multiple_of', 'tieout')(number)) }}
{%- endmacro %}

{% macro default__least_common_multiple_of(number) -%}
    coalesce((
        with recursive multiples (place, multiple) as (
            select 1, (array_agg(distinct cast({{ number }} as numeric)))[1]
            union all
            select
                place + 1,
                lcm(multiple, (array_agg(distinct cast({{ number }} as numeric)))[place + 1])
            from multiples
            where place < cardinality(array_agg(distinct cast({{ number }} as numeric)))
        )

        select multiple from multiples
        order by place desc
        limit 1
    ), 1)
{%- endmacro %}
