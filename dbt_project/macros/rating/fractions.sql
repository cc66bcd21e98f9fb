{#- Exact numbers as text: a decimal ("0.067") or a fraction ("14/31"). A fraction is kept as numerator and denominator, because
    no engine's division keeps a third. -#}

{% macro ratio_text(numerator, denominator, digits='0', mode=none) -%}
    {#- numerator / denominator (positive) as text: rounded where there is a mode and it asks for it, else the exact fraction. -#}
    (case
        {%- if mode is not none %}
        when ({{ mode }}) is not null then {{ text_of(round_ratio_as(numerator, denominator, digits, mode)) }}
        {%- endif %}
        when ({{ denominator }}) = 1 then {{ text_of(numerator) }}
        else {{ text_of(numerator) }} || '/' || {{ text_of(denominator) }}
    end)
{%- endmacro %}

{% macro rounded_numerator(numerator, denominator, digits, mode) -%}
    {#- Numerator of numerator / denominator after rounding: the rounded number itself, or as it was where the mode is null. -#}
    (case when ({{ mode }}) is null then {{ numerator }} else {{ round_ratio_as(numerator, denominator, digits, mode) }} end)
{%- endmacro %}

{% macro rounded_denominator(denominator, mode) -%}
    {#- The denominator that goes with it. -#}
    (case when ({{ mode }}) is null then {{ denominator }} else 1 end)
{%- endmacro %}

{% macro floor_of_ratio(numerator, denominator) -%}
    {#- Exact floor(numerator / denominator) of any sign; the denominator is positive. -#}
    {{ whole_quotient('(' ~ numerator ~ ') - ' ~ rest_of_ratio(numerator, denominator), denominator) }}
{%- endmacro %}

{% macro rest_of_ratio(numerator, denominator) -%}
    {#- What that floor leaves of the numerator: never negative, below the denominator. -#}
    mod(mod(({{ numerator }}), ({{ denominator }})) + ({{ denominator }}), ({{ denominator }}))
{%- endmacro %}

{#-
    The least common denominator of each group of fractions: relation with `key` and `denominator` (positive) gives one row a
    key with common_denominator.
-#}
{% macro common_denominators(relation, key, denominator) -%}
    with recursive places as (
        select
            {{ key }},
            {{ denominator }} as denominator,
            row_number() over (partition by {{ key }} order by {{ denominator }}) as place,
            count(*) over (partition by {{ key }}) as places
        from (select distinct {{ key }}, {{ denominator }} from {{ relation }} as fractions) as denominators
    ),

    multiples as (
        select
            {{ key }},
            place,
            places,
            cast(denominator as {{ exact_number() }}) as common_denominator
        from places
        where place = 1

        union all

        select
            multiples.{{ key }},
            places.place,
            multiples.places,
            multiples.common_denominator
            * {{ whole_quotient(
                'places.denominator', greatest_common_divisor('multiples.common_denominator', 'places.denominator')
            ) }}
        from multiples
        inner join places on multiples.{{ key }} = places.{{ key }} and multiples.place + 1 = places.place
    )

    select
        {{ key }},
        common_denominator
    from multiples
    where place = places
{%- endmacro %}
