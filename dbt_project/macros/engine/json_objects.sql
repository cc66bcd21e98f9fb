{#-
    A flat JSON object as text, for evidence that a person reads: json_object_text({'amount_minor': 'l.amount_minor'}).
    Every value is a JSON string or null, so that no reader turns an amount into a float.
-#}
{% macro json_object_text(fields) -%}
    {{ return(adapter.dispatch('json_object_text', 'tieout')(fields)) }}
{%- endmacro %}

{#- As Postgres writes it. -#}
{% macro default__json_object_text(fields) -%}
    (
        '{'
        {%- for name, expression in fields.items() %}
        || '"{{ name }}" : ' || coalesce({{ json_string(text_of(expression)) }}, 'null'){{ " || ', '" if not loop.last }}
        {%- endfor %}
        || '}'
    )
{%- endmacro %}

{% macro postgres__json_object_text(fields) -%}
    cast(json_build_object(
        {%- for name, expression in fields.items() %}
        '{{ name }}', cast({{ expression }} as text){{ ',' if not loop.last }}
        {%- endfor %}
    ) as text)
{%- endmacro %}


{#- A text as a JSON string, quoted. -#}
{% macro json_string(text) -%}
    {{ return(adapter.dispatch('json_string', 'tieout')(text)) }}
{%- endmacro %}

{% macro default__json_string(text) -%}
    cast(to_json({{ text }}) as {{ text_type() }})
{%- endmacro %}
