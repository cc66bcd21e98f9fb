{#-
    Exact numbers. A macro argument may be any expression: it is parenthesised here.

    Postgres' numeric has as many digits as a value needs. Other engines have decimals of 38 digits, so there every exact number is a
    decimal(38, 19): 19 digits before the point and 19 behind it. What does not fit is an error of the engine, never a rounded number:
    * a product is taken by times(), which refuses factors whose product could need more than 19 decimals. A product that is written as
      `*` has 38 decimals and overflows from 1 on, so that one that was forgotten is found by the first row.
    * a quotient is taken by the macros below. They find the whole part by a guess and prove it by multiplying back.
-#}

{#- The type of exact numbers: quantities, unit prices, shares. Whole minor units are bigint. -#}
{% macro exact_number() -%}
    {{ return(adapter.dispatch('exact_number', 'tieout')()) }}
{%- endmacro %}

{% macro default__exact_number() -%}
    decimal(38, 19)
{%- endmacro %}

{% macro postgres__exact_number() -%}
    numeric
{%- endmacro %}


{#- The type of whole numbers of any size, such as numerators. -#}
{% macro whole_number() -%}
    {{ return(adapter.dispatch('whole_number', 'tieout')()) }}
{%- endmacro %}

{% macro default__whole_number() -%}
    decimal(38, 0)
{%- endmacro %}

{% macro duckdb__whole_number() -%}
    hugeint
{%- endmacro %}

{% macro postgres__whole_number() -%}
    numeric
{%- endmacro %}


{#- Stops the statement; `message` is a plain text. It stands where a value of any type may stand. -#}
{% macro stop_with(message) -%}
    {{ return(adapter.dispatch('stop_with', 'tieout')(message)) }}
{%- endmacro %}

{% macro default__stop_with(message) -%}
    error('{{ message }}')
{%- endmacro %}


{#-
    An expression that reads values by names: each is computed once, whatever it is and however often the expression says
    `given.<name>`. Postgres computes what stands in the text, and needs it nowhere.
-#}
{% macro with_values(values, expression) -%}
    {{ return(adapter.dispatch('with_values', 'tieout')(values, expression)) }}
{%- endmacro %}

{% macro default__with_values(values, expression) -%}
    list_transform(
        [struct_pack({% for name, value in values.items() %}{{ name }} := {{ value }}{{ ', ' if not loop.last }}{% endfor %})],
        lambda given: {{ expression }}
    )[1]
{%- endmacro %}


{% macro as_exact(number) -%}
    cast({{ number }} as {{ exact_number() }})
{%- endmacro %}


{#- Half away from zero, to a whole number (bigint). -#}
{% macro round_half_up(number) -%}
    cast(round(cast({{ number }} as {{ exact_number() }})) as bigint)
{%- endmacro %}


{#- Major units to minor units without rounding: for unit prices. -#}
{% macro minor_units_exact(amount_major, exponent) -%}
    {{ return(adapter.dispatch('minor_units_exact', 'tieout')(amount_major, exponent)) }}
{%- endmacro %}

{% macro default__minor_units_exact(amount_major, exponent) -%}
    {{ times(amount_major, power_of_ten(exponent)) }}
{%- endmacro %}

{% macro postgres__minor_units_exact(amount_major, exponent) -%}
    (cast({{ amount_major }} as numeric) * power(cast(10 as numeric), {{ exponent }}))
{%- endmacro %}


{#- Major units to whole minor units, half away from zero. -#}
{% macro minor_units(amount_major, exponent) -%}
    {{ round_half_up(minor_units_exact(amount_major, exponent)) }}
{%- endmacro %}


{#- Exact product of two numbers that are exact already. -#}
{% macro times(left, right) -%}
    {{ return(adapter.dispatch('times', 'tieout')(left, right)) }}
{%- endmacro %}

{#- A factor with d decimals fits decimal(38, d), and decimals of d and 19 - d decimals have a product of 19. -#}
{% macro default__times(left, right) -%}
    {%- set product -%}
    case
        when given.a is null or given.b is null then null
        {%- for places in (0, 19, 7, 12, 9) %}
        when {{ has_places('given.a', places) }} and {{ has_places('given.b', 19 - places) }}
            then cast(given.a as decimal(38, {{ places }})) * cast(given.b as decimal(38, {{ 19 - places }}))
        {%- endfor %}
        else {{ stop_with('a product of more than 19 decimals') }}
    end
    {%- endset -%}
    {{ with_values({'a': as_exact(left), 'b': as_exact(right)}, product) }}
{%- endmacro %}

{% macro postgres__times(left, right) -%}
    ({{ left }}) * ({{ right }})
{%- endmacro %}

{#- Whether a decimal(38, 19) has no more than so many decimals. -#}
{% macro has_places(number, places) -%}
    {%- if places == 19 -%} true
    {%- elif places == 0 -%} {{ number }} % 1 = 0
    {%- else -%} {{ number }} % 0.{{ '0' * (places - 1) }}1 = 0
    {%- endif -%}
{%- endmacro %}


{#- Exact product. -#}
{% macro multiply(left, right) -%}
    {{ return(adapter.dispatch('multiply', 'tieout')(left, right)) }}
{%- endmacro %}

{% macro default__multiply(left, right) -%}
    {{ times(left, right) }}
{%- endmacro %}

{% macro postgres__multiply(left, right) -%}
    (cast({{ left }} as numeric) * cast({{ right }} as numeric))
{%- endmacro %}


{#-
    Quotient; null when the divisor is 0. Multiply first, divide last, round once. How many digits a quotient without an end has is the
    engine's: it is shown, and no amount is derived from it.
-#}
{% macro divide(dividend, divisor) -%}
    {{ return(adapter.dispatch('divide', 'tieout')(dividend, divisor)) }}
{%- endmacro %}

{#- Twelve decimals, half away from zero: six and then six more from what the first leave, so that the steps have room. Each has the one
    type before they are added: a sum has the decimals of its finest part, and too few digits before the point. -#}
{% macro default__divide(dividend, divisor) -%}
    {%- set first = 'given.n % given.d * 1000000' -%}
    {%- set second = 'given.rest % given.d * 1000000' -%}
    {%- set millionths = as_exact(as_exact(whole_quotient('given.rest', 'given.d')) ~ ' * 0.000001') -%}
    {%- set last_six = as_exact(
        as_exact(whole_quotient('2 * (' ~ second ~ ') + given.d', '2 * given.d')) ~ ' * 0.000000000001'
    ) -%}
    {%- set parts = 'given.sign_of * (given.whole + ' ~ millionths ~ ' + ' ~ last_six ~ ')' -%}
    {%- set with_rest = with_values(
        {
            'sign_of': 'given.sign_of', 'd': 'given.d', 'rest': as_exact(first),
            'whole': as_exact(whole_quotient('given.n', 'given.d')),
        },
        parts
    ) -%}
    {%- set sign_of = 'case when (' ~ dividend ~ ') < 0 then -1 else 1 end * case when (' ~ divisor ~ ') < 0 then -1 else 1 end' -%}
    cast({{ with_values(
        {
            'sign_of': sign_of,
            'n': 'abs(' ~ as_exact(dividend) ~ ')',
            'd': 'abs(' ~ as_exact('nullif(' ~ divisor ~ ', 0)') ~ ')',
        },
        with_rest
    ) }} as {{ exact_number() }})
{%- endmacro %}

{% macro postgres__divide(dividend, divisor) -%}
    (cast({{ dividend }} as numeric) / nullif(cast({{ divisor }} as numeric), 0))
{%- endmacro %}


{#- The same of numbers that are exact already; the divisor is not 0. -#}
{% macro quotient(dividend, divisor) -%}
    {{ return(adapter.dispatch('quotient', 'tieout')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__quotient(dividend, divisor) -%}
    {{ divide(dividend, divisor) }}
{%- endmacro %}

{% macro postgres__quotient(dividend, divisor) -%}
    (({{ dividend }}) / ({{ divisor }}))
{%- endmacro %}


{#- A quotient that is known to be whole. -#}
{% macro whole_ratio(dividend, divisor) -%}
    {{ return(adapter.dispatch('whole_ratio', 'tieout')(dividend, divisor)) }}
{%- endmacro %}

{#- A guess is near enough below 2^53, and a second one makes up for what the first misses; what they are worth is proved by the product. -#}
{% macro default__whole_ratio(dividend, divisor) -%}
    {%- set quotient = 'cast(given.n as double) / cast(given.d as double)' -%}
    {%- set guess = 'case when abs(' ~ quotient ~ ') < 1000000000000000000 then cast(round(' ~ quotient ~ ') as bigint) end' -%}
    {%- set missed = 'cast(round(cast(given.n - given.guess * given.d as double) / cast(given.d as double)) as bigint)' -%}
    {%- set proved -%}
    case
        when given.n is null or given.d is null then null
        when given.guess * given.d = given.n then given.guess
        when (given.guess + {{ missed }}) * given.d = given.n then given.guess + {{ missed }}
        when given.d = 0 then {{ stop_with('a division by zero') }}
        else {{ stop_with('a quotient of more than 18 digits') }}
    end
    {%- endset -%}
    {{ with_values(
        {'n': dividend, 'd': divisor},
        with_values({'n': 'given.n', 'd': 'given.d', 'guess': guess}, proved)
    ) }}
{%- endmacro %}

{% macro postgres__whole_ratio(dividend, divisor) -%}
    (({{ dividend }}) / ({{ divisor }}))
{%- endmacro %}


{#- The same of integers. -#}
{% macro integer_quotient(dividend, divisor) -%}
    {{ return(adapter.dispatch('integer_quotient', 'tieout')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__integer_quotient(dividend, divisor) -%}
    (({{ dividend }}) / ({{ divisor }}))
{%- endmacro %}


{#- Exact power of ten with a whole exponent, which may be negative: 10^-2 is 0.01 and nothing near it. -#}
{% macro power_of_ten(exponent) -%}
    {{ return(adapter.dispatch('power_of_ten', 'tieout')(exponent)) }}
{%- endmacro %}

{% macro default__power_of_ten(exponent) -%}
    {%- set power -%}
    case
        when given.exponent between -19 and 18 then cast('1e' || cast(given.exponent as varchar(3)) as {{ exact_number() }})
        when given.exponent is not null then {{ stop_with('a power of ten of more than 19 digits') }}
    end
    {%- endset -%}
    {{ with_values({'exponent': 'cast(' ~ exponent ~ ' as integer)'}, power) }}
{%- endmacro %}

{% macro postgres__power_of_ten(exponent) -%}
    cast('1e' || cast({{ exponent }} as text) as numeric)
{%- endmacro %}


{#- Half away from zero, to a number of digits that may be negative. -#}
{% macro round_half_up_at(number, digits) -%}
    {{ return(adapter.dispatch('round_half_up_at', 'tieout')(number, digits)) }}
{%- endmacro %}

{% macro default__round_half_up_at(number, digits) -%}
    {{ round_ratio_as(number, '1', digits, "'half_up'") }}
{%- endmacro %}

{% macro postgres__round_half_up_at(number, digits) -%}
    round(cast({{ number }} as numeric), cast({{ digits }} as integer))
{%- endmacro %}


{#- Greatest common divisor of two exact numbers: the largest that both are whole multiples of; what reduces a fraction. -#}
{% macro greatest_common_divisor(left, right) -%}
    {{ return(adapter.dispatch('greatest_common_divisor', 'tieout')(left, right)) }}
{%- endmacro %}

{% macro default__greatest_common_divisor(left, right) -%}
    gcd(cast({{ left }} as numeric), cast({{ right }} as numeric))
{%- endmacro %}

{#- DuckDB's is of whole numbers: here of what both are in the last of their 19 decimals. -#}
{% macro duckdb__greatest_common_divisor(left, right) -%}
    cast(
        cast(
            gcd(
                cast(replace(cast({{ as_exact(left) }} as varchar), '.', '') as hugeint),
                cast(replace(cast({{ as_exact(right) }} as varchar), '.', '') as hugeint)
            ) as decimal(38, 0)
        ) * 0.0000000000000000001 as {{ exact_number() }}
    )
{%- endmacro %}


{#- Quotient cut to a whole number, toward zero and exactly: no engine's division scale matters. -#}
{% macro whole_quotient(dividend, divisor) -%}
    {{ return(adapter.dispatch('whole_quotient', 'tieout')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__whole_quotient(dividend, divisor) -%}
    {{ with_values({'n': dividend, 'd': divisor}, whole_ratio('given.n - given.n % given.d', 'given.d')) }}
{%- endmacro %}

{% macro postgres__whole_quotient(dividend, divisor) -%}
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

{% macro duckdb__least_common_multiple_of(number) -%}
    list_reduce(
        list_append(list(distinct cast({{ number }} as hugeint)), cast(1 as hugeint)),
        lambda held, next: lcm(held, next)
    )
{%- endmacro %}


{#- Numerator of a number given as text, a decimal or a fraction of decimals; null for null. -#}
{% macro numerator_of(number) -%}
    {{ return(adapter.dispatch('numerator_of', 'tieout')(number)) }}
{%- endmacro %}

{#- Whole numbers of up to 38 digits, so that a product of several holds; what is more is an error. -#}
{% macro default__numerator_of(number) -%}
    cast(
        replace(split_part({{ number }}, '/', 1), '.', '')
        || repeat('0', length(split_part(split_part({{ number }}, '/', 2), '.', 2)))
        as {{ whole_number() }}
    )
{%- endmacro %}

{% macro postgres__numerator_of(number) -%}
    (case
        when strpos({{ number }}, '/') > 0
            then cast(substr({{ number }}, 1, strpos({{ number }}, '/') - 1) as numeric)
        else cast({{ number }} as numeric)
    end)
{%- endmacro %}


{#- Its denominator, positive as it is written; 1 for null. -#}
{% macro denominator_of(number) -%}
    {{ return(adapter.dispatch('denominator_of', 'tieout')(number)) }}
{%- endmacro %}

{% macro default__denominator_of(number) -%}
    coalesce(
        cast(
            case when {{ number }} like '%/%' then replace(split_part({{ number }}, '/', 2), '.', '') else '1' end
            || repeat('0', length(split_part(split_part({{ number }}, '/', 1), '.', 2)))
            as {{ whole_number() }}
        ),
        1
    )
{%- endmacro %}

{% macro postgres__denominator_of(number) -%}
    (case
        when strpos({{ number }}, '/') > 0
            then cast(substr({{ number }}, strpos({{ number }}, '/') + 1) as numeric)
        else 1
    end)
{%- endmacro %}


{#-
    A number given as text in parts of a scale, which is a multiple of its denominator (times `parts`): 0.25 of scale 100 is 25. Null for
    null.
-#}
{% macro in_scale(number, scale, parts='1') -%}
    {{ return(adapter.dispatch('in_scale', 'tieout')(number, scale, parts)) }}
{%- endmacro %}

{#- The division comes first and leaves more digits. -#}
{% macro default__in_scale(number, scale, parts) -%}
    ({{ numerator_of(number) }} * {{ whole_ratio(scale, denominator_of(number) ~ ' * (' ~ parts ~ ')') }})
{%- endmacro %}

{% macro duckdb__in_scale(number, scale, parts) -%}
    ({{ numerator_of(number) }} * (cast({{ scale }} as hugeint) // ({{ denominator_of(number) }} * ({{ parts }}))))
{%- endmacro %}

{% macro postgres__in_scale(number, scale, parts) -%}
    ({{ numerator_of(number) }} * ({{ scale }}) / ({{ denominator_of(number) }} * ({{ parts }})))
{%- endmacro %}
