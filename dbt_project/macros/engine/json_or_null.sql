{#- The JSON in a text, null when it is none. -#}
{% macro json_or_null(text) -%}
    {{ return(adapter.dispatch('json_or_null', 'tieout')(text)) }}
{%- endmacro %}

{% macro default__json_or_null(text) -%}
    ops.json_or_null({{ text }})
{%- endmacro %}


{#- The member of a JSON object that an expression names, as text. -#}
{% macro json_text_by(document, key) -%}
    {{ return(adapter.dispatch('json_text_by', 'tieout')(document, key)) }}
{%- endmacro %}

{% macro default__json_text_by(document, key) -%}
    ({{ document }} ->> ({{ key }}))
{%- endmacro %}
