{#- What DuckDB says in other words: bodies of the macros of this folder. Its session settings stand in profiles.yml. -#}

{% macro duckdb__utc_clock(instant) -%}
    strftime(({{ instant }}) at time zone 'UTC', '%H:%M')
{%- endmacro %}

{% macro duckdb__date_text(date) -%}
    strftime({{ date }}, '%Y-%m-%d')
{%- endmacro %}

{% macro duckdb__instant_text(instant) -%}
    strftime(({{ instant }}) at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ')
{%- endmacro %}

{#- extract(epoch) is a double. -#}
{% macro duckdb__seconds_between(start_instant, end_instant) -%}
    cast(
        cast(epoch_us({{ end_instant }}) - epoch_us({{ start_instant }}) as {{ exact_number() }}) * 0.000001
        as {{ exact_number() }}
    )
{%- endmacro %}

{% macro duckdb__add_seconds(instant, seconds) -%}
    (({{ instant }}) + to_microseconds(cast({{ as_exact(seconds) }} * 1000000 as bigint)))
{%- endmacro %}

{% macro duckdb__month_series(start_date, end_date, alias) -%}
    lateral (
        select cast(unnest(generate_series(
            date_trunc('month', cast({{ start_date }} as timestamp)),
            cast({{ end_date }} as timestamp) - interval '1 day',
            interval '1 month'
        )) as date) as month_on
    ) as {{ alias }}
{%- endmacro %}

{% macro duckdb__day_series(start_date, end_date, alias) -%}
    lateral (
        select cast(unnest(generate_series(
            cast({{ start_date }} as timestamp),
            cast({{ end_date }} as timestamp) - interval '1 day',
            interval '1 day'
        )) as date) as day_on
    ) as {{ alias }}
{%- endmacro %}

{% macro duckdb__integer_series(first, last, alias) -%}
    lateral (
        select unnest(generate_series(cast({{ first }} as bigint), cast({{ last }} as bigint))) as n
    ) as {{ alias }}
{%- endmacro %}

{#- DuckDB's hash has 64 bits without a sign. -#}
{% macro duckdb__identity_hash(source, event_id) -%}
    cast(hash({{ source }}, {{ event_id }}) >> 1 as bigint)
{%- endmacro %}

{#- A table that stays until the next build, so that whoever runs dbt can ask which keys were touched. -#}
{% macro duckdb__touched_relation(name, query) -%}
    create or replace table {{ name }} as {{ query }}
{%- endmacro %}

{% macro duckdb__touched_table(name, columns) -%}
    create or replace table {{ name }} ({{ columns }})
{%- endmacro %}

{#- '$."a"[0]': where a member or an element stands. -#}
{% macro duckdb_json_path(path) -%}
    '$
    {%- for place in path -%}
    {%- if place is string -%} ."{{ place }}" {%- else -%} [{{ place }}] {%- endif -%}
    {%- endfor -%}
    '
{%- endmacro %}

{% macro duckdb__json_text(document, path) -%}
    json_extract_string({{ document }}, {{ duckdb_json_path(path) }})
{%- endmacro %}

{% macro duckdb__json_node(document, path) -%}
    json_extract({{ document }}, {{ duckdb_json_path(path) }})
{%- endmacro %}

{% macro duckdb__json_scalar_text(node) -%}
    json_extract_string({{ node }}, '$')
{%- endmacro %}

{% macro duckdb__json_node_by(document, key) -%}
    json_extract({{ document }}, '$."' || ({{ key }}) || '"')
{%- endmacro %}

{% macro duckdb__json_array_elements(node, alias) -%}
    lateral (
        select
            unnest(listed.elements) as element,
            generate_subscripts(listed.elements, 1) as position
        from (
            select cast(case when json_type({{ node }}) = 'ARRAY' then {{ node }} else '[]' end as json[]) as elements
        ) as listed
    ) as {{ alias }}
{%- endmacro %}

{% macro duckdb__json_each(node, alias) -%}
    lateral (
        select
            named.key,
            json_extract({{ node }}, '$."' || named.key || '"') as value
        from (select unnest(json_keys({{ node }})) as key) as named
    ) as {{ alias }}
{%- endmacro %}

{% macro duckdb__json_object() -%}
    json_object
{%- endmacro %}

{% macro duckdb__json_list(expression, order_by, condition) -%}
    coalesce(to_json(list({{ expression }} order by {{ order_by }}) filter (where {{ condition }})), cast('[]' as json))
{%- endmacro %}

{% macro duckdb__json_members(name, expression, condition) -%}
    coalesce(
        to_json(map(
            list({{ name }}) filter (where {{ condition }}), list({{ expression }}) filter (where {{ condition }})
        )),
        cast('{}' as json)
    )
{%- endmacro %}

{% macro duckdb__json_list_of(texts) -%}
    to_json(list_filter(cast([{{ texts | join(', ') }}] as varchar[]), lambda text: text is not null))
{%- endmacro %}

{% macro duckdb__json_element_text(node, place) -%}
    json_extract_string({{ node }}, '$[' || cast({{ place }} as varchar) || ']')
{%- endmacro %}

{% macro duckdb__json_list_admits(node, number) -%}
    (
        json_type({{ node }}) is distinct from 'ARRAY'
        or list_contains(cast({{ node }} as bigint[]), cast({{ number }} as bigint))
    )
{%- endmacro %}
