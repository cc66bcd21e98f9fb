{#- The type of texts. -#}
{% macro text_type() -%}
    {{ return(adapter.dispatch('text_type', 'tieout')()) }}
{%- endmacro %}

{% macro default__text_type() -%}
    text
{%- endmacro %}


{#- The type of instants. -#}
{% macro instant_type() -%}
    {{ return(adapter.dispatch('instant_type', 'tieout')()) }}
{%- endmacro %}

{% macro default__instant_type() -%}
    timestamp with time zone
{%- endmacro %}


{#- A value as text. A decimal is written without the zeros that its type adds to it. -#}
{% macro text_of(value) -%}
    {{ return(adapter.dispatch('text_of', 'tieout')(value)) }}
{%- endmacro %}

{% macro default__text_of(value) -%}
    case
        when lower(typeof({{ value }})) like 'decimal%' and cast({{ value }} as {{ text_type() }}) like '%.%'
            then regexp_replace(cast({{ value }} as {{ text_type() }}), '[.]?0+$', '')
        else cast({{ value }} as {{ text_type() }})
    end
{%- endmacro %}

{% macro duckdb__text_of(value) -%}
    {{ with_values({'value': value}, default__text_of('given.value')) }}
{%- endmacro %}

{% macro postgres__text_of(value) -%}
    cast({{ value }} as text)
{%- endmacro %}
