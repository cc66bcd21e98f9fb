{#- Minor units of money. The seed `currencies` is the table; test currency_exponents_are_those_of_the_seed keeps this list
    honest. -#}

{% macro currency_exponent(currency) -%}
    {#- Decimals of a currency's minor unit: ISO 4217, and bitcoin, which billing engines count in satoshi. -#}
    (case
        when lower({{ currency }}) in (
            'bif', 'clp', 'djf', 'gnf', 'isk', 'jpy', 'kmf', 'krw', 'pyg', 'rwf', 'ugx', 'uyi', 'vnd', 'vuv', 'xaf',
            'xof', 'xpf'
        ) then 0
        when lower({{ currency }}) in ('bhd', 'iqd', 'jod', 'kwd', 'lyd', 'omr', 'tnd') then 3
        when lower({{ currency }}) in ('clf', 'uyw') then 4
        when lower({{ currency }}) = 'btc' then 8
        else 2
    end)
{%- endmacro %}

{% macro minor_units_of_ratio(numerator, denominator, exponent) -%}
    {#- Whole minor units of an amount in major units, half away from zero. -#}
    {{ round_ratio_as('(' ~ numerator ~ ') * ' ~ power_of_ten(exponent), denominator, '0', "'half_up'") }}
{%- endmacro %}

{% macro is_whole_in_minor_units(numerator, denominator, exponent) -%}
    {#- Whether that rounding loses nothing. -#}
    (mod(({{ numerator }}) * {{ power_of_ten(exponent) }}, ({{ denominator }})) = 0)
{%- endmacro %}

{% macro is_multiple_of_step(minor, step) -%}
    {#- Whether an amount can be sent: some currencies move in steps of several minor units. No step: any whole amount. -#}
    (mod(({{ minor }}), coalesce(nullif(({{ step }}), 0), 1)) = 0)
{%- endmacro %}
