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


{#- The function that makes a JSON object of names and values: `{{ json_object() }}('amount', amount)`. -#}
{% macro json_object() -%}
    {{ return(adapter.dispatch('json_object', 'tieout')()) }}
{%- endmacro %}

{% macro default__json_object() -%}
    jsonb_build_object
{%- endmacro %}


{#- Aggregate: a JSON array in the order of another expression, of the rows that a condition holds for; empty for none. -#}
{% macro json_list(expression, order_by, condition='true') -%}
    {{ return(adapter.dispatch('json_list', 'tieout')(expression, order_by, condition)) }}
{%- endmacro %}

{% macro default__json_list(expression, order_by, condition) -%}
    coalesce(jsonb_agg({{ expression }} order by {{ order_by }}) filter (where {{ condition }}), '[]')
{%- endmacro %}


{#- Aggregate: a JSON object of one member a row that a condition holds for; empty for none. -#}
{% macro json_members(name, expression, condition='true') -%}
    {{ return(adapter.dispatch('json_members', 'tieout')(name, expression, condition)) }}
{%- endmacro %}

{% macro default__json_members(name, expression, condition) -%}
    coalesce(jsonb_object_agg({{ name }}, {{ expression }}) filter (where {{ condition }}), '{}')
{%- endmacro %}


{#- A JSON array of those of these texts that are not null. -#}
{% macro json_list_of(texts) -%}
    {{ return(adapter.dispatch('json_list_of', 'tieout')(texts)) }}
{%- endmacro %}

{% macro default__json_list_of(texts) -%}
    to_jsonb(array_remove(cast(array[{{ texts | join(', ') }}] as text[]), null))
{%- endmacro %}
