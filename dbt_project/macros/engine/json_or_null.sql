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


{#- The same as a node. -#}
{% macro json_node_by(document, key) -%}
    {{ return(adapter.dispatch('json_node_by', 'tieout')(document, key)) }}
{%- endmacro %}

{% macro default__json_node_by(document, key) -%}
    ({{ document }} -> ({{ key }}))
{%- endmacro %}


{#- The members of a JSON object as a relation after `cross join`: columns <alias>.key and <alias>.value; none for null. -#}
{% macro json_each(node, alias) -%}
    {{ return(adapter.dispatch('json_each', 'tieout')(node, alias)) }}
{%- endmacro %}

{% macro default__json_each(node, alias) -%}
    lateral jsonb_each({{ node }}) as {{ alias }}
{%- endmacro %}


{#- The element of a JSON array at a place that an expression gives, from 0, as text. -#}
{% macro json_element_text(node, place) -%}
    {{ return(adapter.dispatch('json_element_text', 'tieout')(node, place)) }}
{%- endmacro %}

{% macro default__json_element_text(node, place) -%}
    ({{ node }} ->> cast({{ place }} as integer))
{%- endmacro %}


{#- Whether a JSON array of whole numbers has this one, or the node is no array. -#}
{% macro json_list_admits(node, number) -%}
    {{ return(adapter.dispatch('json_list_admits', 'tieout')(node, number)) }}
{%- endmacro %}

{% macro default__json_list_admits(node, number) -%}
    (jsonb_typeof({{ node }}) is distinct from 'array' or {{ node }} @> to_jsonb({{ number }}))
{%- endmacro %}
