{#- Rounding as data says. -#}

{#-
    An exact value rounded: `digits` (may be negative) and `mode` are expressions, one a row. A mode of null leaves the value
    as it is.
-#}
{% macro round_as(value, digits, mode) -%}
    {{ return(adapter.dispatch('round_as', 'tieout')(value, digits, mode)) }}
{%- endmacro %}

{% macro default__round_as(value, digits, mode) -%}
    (case when ({{ mode }}) is null then ({{ value }}) else {{ round_ratio_as(value, '1', digits, mode) }} end)
{%- endmacro %}

{% macro postgres__round_as(value, digits, mode) -%}
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


{#-
    numerator / denominator (positive) rounded as data says, exactly: the whole part and what it leaves decide, no quotient is ever
    cut. A mode of null gives the quotient at the engine's scale; an unknown mode gives null.
-#}
{% macro round_ratio_as(numerator, denominator, digits, mode) -%}
    {{ return(adapter.dispatch('round_ratio_as', 'tieout')(numerator, denominator, digits, mode)) }}
{%- endmacro %}

{% macro default__round_ratio_as(numerator, denominator, digits, mode) -%}
    {%- set rounded -%}
    given.sign_of * {{ power_of_ten('-(given.digits)') }} * case given.mode
        when 'half_up' then given.whole + case when 2 * given.rest >= given.under then 1 else 0 end
        when 'half_down' then given.whole + case when 2 * given.rest > given.under then 1 else 0 end
        when 'half_even' then given.whole + case
            when 2 * given.rest > given.under then 1
            when 2 * given.rest = given.under and given.whole % 2 = 1 then 1
            else 0
        end
        when 'up' then given.whole + case when given.rest > 0 then 1 else 0 end
        when 'down' then given.whole
        when 'ceil' then given.whole + case when given.rest > 0 and given.sign_of > 0 then 1 else 0 end
        when 'floor' then given.whole + case when given.rest > 0 and given.sign_of < 0 then 1 else 0 end
    end
    {%- endset -%}
    {%- set passed = {'sign_of': 'given.sign_of', 'digits': 'given.digits', 'mode': 'given.mode'} -%}
    {%- set with_whole = with_values(
        dict(
            passed, under='given.under', rest='given.over % given.under', whole=whole_quotient('given.over', 'given.under')
        ),
        rounded
    ) -%}
    {%- set with_parts = with_values(
        dict(
            passed,
            over=times('given.n', power_of_ten('greatest(given.digits, 0)')),
            under=times('given.d', power_of_ten('greatest(-(given.digits), 0)'))
        ),
        with_whole
    ) -%}
    cast(case
        when ({{ mode }}) is null then {{ quotient(numerator, denominator) }}
        else {{ with_values(
            {
                'sign_of': 'case when (' ~ numerator ~ ') < 0 then -1 else 1 end',
                'n': 'abs(' ~ as_exact(numerator) ~ ')',
                'd': as_exact(denominator),
                'digits': 'cast(' ~ digits ~ ' as integer)',
                'mode': mode,
            },
            with_parts
        ) }}
    end as {{ exact_number() }})
{%- endmacro %}

{% macro postgres__round_ratio_as(numerator, denominator, digits, mode) -%}
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
