{#- Exact numbers as text: a decimal ("0.067") or a fraction ("14/31"). A fraction is kept as numerator and denominator, because
    no engine's division keeps a third. -#}

{% macro numerator_of(number) -%}
    {#- Numerator of a number given as text; null for null. -#}
    (case
        when strpos({{ number }}, '/') > 0
            then cast(substr({{ number }}, 1, strpos({{ number }}, '/') - 1) as numeric)
        else cast({{ number }} as numeric)
    end)
{%- endmacro %}

{% macro denominator_of(number) -%}
    {#- Denominator of a number given as text, positive as it is written; 1 for a decimal and for null. -#}
    (case
        when strpos({{ number }}, '/') > 0
            then cast(substr({{ number }}, strpos({{ number }}, '/') + 1) as numeric)
        else 1
    end)
{%- endmacro %}

{% macro ratio_text(numerator, denominator, digits='0', mode='cast(null as text)') -%}
    {#- numerator / denominator (positive) as text: rounded where the mode asks for it, else the exact fraction. -#}
    (case
        when ({{ mode }}) is null and ({{ denominator }}) = 1 then cast({{ numerator }} as text)
        when ({{ mode }}) is null then cast({{ numerator }} as text) || '/' || cast({{ denominator }} as text)
        else cast({{ round_ratio_as(numerator, denominator, digits, mode) }} as text)
    end)
{%- endmacro %}
