{#-
    JSON on Spark, for the worked cases: a document and every part of one is a text, a scalar without quotes. What is put together is
    a struct, an array or a map, and becomes JSON when it is read.
-#}

{% macro spark__json_text(document, path) -%}
    {%- if path -%}
    get_json_object({{ document }}, '$
    {%- for place in path -%}
    {%- if place is string -%} .{{ place }} {%- else -%} [{{ place }}] {%- endif -%}
    {%- endfor -%}
    ')
    {%- else -%}
    {{ document }}
    {%- endif -%}
{%- endmacro %}

{% macro spark__json_node(document, path) -%}
    {{ spark__json_text(document, path) }}
{%- endmacro %}

{% macro spark__json_scalar_text(node) -%}
    {{ node }}
{%- endmacro %}

{% macro spark__json_node_by(document, key) -%}
    {{ json_field(document, key) }}
{%- endmacro %}

{#- A list's elements as texts; null for what is no list. -#}
{% macro spark_json_texts(node) -%}
    from_json(case when {{ node }} like '[%' then {{ node }} end, 'array<string>')
{%- endmacro %}

{% macro spark__json_array_elements(node, alias) -%}
    lateral (
        select inline(transform(
            {{ spark_json_texts(node) }},
            (element, place) -> named_struct('position', place + 1, 'element', element)
        ))
    ) as {{ alias }}
{%- endmacro %}

{% macro spark__json_each(node, alias) -%}
    lateral (
        select explode(from_json(case when {{ node }} like '{{ "{" }}%' then {{ node }} end, 'map<string,string>')) as (key, value)
    ) as {{ alias }}
{%- endmacro %}

{% macro spark__json_element_text(node, place) -%}
    get_json_object({{ node }}, '$[' || cast({{ place }} as string) || ']')
{%- endmacro %}

{% macro spark__json_list_admits(node, number) -%}
    (
        coalesce({{ node }}, '') not like '[%'
        or array_contains({{ spark_json_texts(node) }}, cast({{ number }} as string))
    )
{%- endmacro %}

{% macro spark__json_object() -%}
    named_struct
{%- endmacro %}

{% macro spark__json_list(expression, order_by, condition) -%}
    transform(
        sort_array(
            collect_list(named_struct('place', struct({{ order_by }}), 'element', {{ expression }})) filter (where {{ condition }})
        ),
        listed -> listed.element
    )
{%- endmacro %}

{% macro spark__json_members(name, expression, condition) -%}
    map_from_entries(collect_list(struct({{ name }}, {{ expression }})) filter (where {{ condition }}))
{%- endmacro %}

{% macro spark__json_list_of(texts) -%}
    {%- if texts -%}
    filter(array({{ texts | join(', ') }}), listed -> listed is not null)
    {%- else -%}
    array()
    {%- endif -%}
{%- endmacro %}
