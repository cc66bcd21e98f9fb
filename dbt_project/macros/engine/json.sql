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
    cast({{ node }} as text)
{%- endmacro %}
