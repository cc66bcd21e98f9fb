{#- JSON is opened in staging and nowhere later. -#}

{#- json_text('payload', 'a', 'b') -> text of payload.a.b, null when absent or JSON null. An integer in the path is an array index. -#}
{% macro json_text(document) -%}
    {{ return(adapter.dispatch('json_text', 'tieout')(document, varargs)) }}
{%- endmacro %}

{% macro default__json_text(document, path) -%}
    {%- if path | length == 1 and path[0] is string -%}
    ({{ document }} ->> '{{ path[0] }}')
    {%- else -%}
    ({{ document }} #>> '{{ "{" ~ path | join(",") ~ "}" }}')
    {%- endif -%}
{%- endmacro %}


{#- The same, as a JSON node (object or array) to be opened further. -#}
{% macro json_node(document) -%}
    {{ return(adapter.dispatch('json_node', 'tieout')(document, varargs)) }}
{%- endmacro %}

{% macro default__json_node(document, path) -%}
    ({{ document }} #> '{{ "{" ~ path | join(",") ~ "}" }}')
{%- endmacro %}


{#- The text of one field of an object; the name of the field is an expression, so that data can say it. -#}
{% macro json_field(document, name) -%}
    {{ return(adapter.dispatch('json_field', 'tieout')(document, name)) }}
{%- endmacro %}

{% macro default__json_field(document, name) -%}
    ({{ document }} ->> {{ name }})
{%- endmacro %}


{#-
    The elements of a JSON array as a relation after `cross join`: columns <alias>.element, <alias>.position (from 1).
    Anything but an array (null, object, text) has no elements.
-#}
{% macro json_array_elements(node, alias) -%}
    {{ return(adapter.dispatch('json_array_elements', 'tieout')(node, alias)) }}
{%- endmacro %}

{% macro default__json_array_elements(node, alias) -%}
    lateral jsonb_array_elements(
        case when jsonb_typeof({{ node }}) = 'array' then {{ node }} else cast('[]' as jsonb) end
    ) with ordinality as {{ alias }} (element, position)
{%- endmacro %}


{#- The JSON node as text, whole. -#}
{% macro json_as_text(node) -%}
    {{ return(adapter.dispatch('json_as_text', 'tieout')(node)) }}
{%- endmacro %}

{% macro default__json_as_text(node) -%}
    cast({{ node }} as {{ text_type() }})
{%- endmacro %}


{#- A field that the API gives as an id or, expanded, as an object: the id in both cases. -#}
{% macro json_reference(document) -%}
    {{ return(adapter.dispatch('json_reference', 'tieout')(document, varargs)) }}
{%- endmacro %}

{% macro default__json_reference(document, path) -%}
    coalesce({{ default__json_text(document, path | list + ['id']) }}, {{ default__json_text(document, path) }})
{%- endmacro %}


{#- The first of two nodes that is an array. -#}
{% macro json_first_array(first, second) -%}
    {{ return(adapter.dispatch('json_first_array', 'tieout')(first, second)) }}
{%- endmacro %}

{% macro default__json_first_array(first, second) -%}
    case when jsonb_typeof({{ first }}) = 'array' then {{ first }} else {{ second }} end
{%- endmacro %}


{#-
    Sum of one integer field over the objects of a JSON array (bigint); 0 for an empty or missing array.
    `unless`: fields and values (text) of objects to leave out.
-#}
{% macro json_array_sum(node, field, unless={}) -%}
    {{ return(adapter.dispatch('json_array_sum', 'tieout')(node, field, unless)) }}
{%- endmacro %}

{% macro default__json_array_sum(node, field, unless) -%}
    (
            select coalesce(cast(sum({{ to_bigint("(elements.element ->> '" ~ field ~ "')") }}) as bigint), 0)
            from {{ json_array_elements(node, 'elements') }}
            {%- for name, value in unless.items() %}
            {{ 'where' if loop.first else 'and' }} (elements.element ->> '{{ name }}') is distinct from '{{ value }}'
            {%- endfor %}
        )
{%- endmacro %}


{#- A JSON text or number that stands alone, such as the element of a list, as text. -#}
{% macro json_scalar_text(node) -%}
    {{ return(adapter.dispatch('json_scalar_text', 'tieout')(node)) }}
{%- endmacro %}

{% macro default__json_scalar_text(node) -%}
    ({{ node }} #>> '{}')
{%- endmacro %}
