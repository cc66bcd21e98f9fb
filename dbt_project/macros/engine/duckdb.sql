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

{#-
    Of a day whose largest file has no repetition of its own, an identity that came twice stands in one of the other files: all of theirs,
    where they are few beside it. Other days are searched whole.
-#}
{% macro duckdb__repeated_identities(days) -%}
    {%- set loads_beside = loads_beside_the_largest() -%}
    {{ touched_table('repeated_identities', 'occurred_on date, identity_hash bigint') }};
    {%- for day in days %}
    {%- set load_seqs = loads_beside.get(day | string) %}
    {%- if load_seqs is none %}
    {{ add_repeated_identities(day) }};
    {%- elif load_seqs %}
    insert into repeated_identities
    select distinct date '{{ day }}', {{ identity_hash('source', 'event_id') }}
    from {{ ref('stg_usage__events') }}
    where occurred_on = date '{{ day }}' and load_seq in ({{ literal_integers(load_seqs) }});
    {%- endif %}
    {%- endfor %}
    {{ with_statistics('repeated_identities') }}
{%- endmacro %}

{#-
    By day, the numbers of the loads beside the largest, a list; days for which that one may have repetitions of its own are not in it, nor
    those of which the others have more than a twentieth of its events: whatever they brought is fetched as if it had come twice.
-#}
{% macro loads_beside_the_largest() -%}
    {%- set loads_by_day = {} -%}
    {%- if execute and adapter.get_relation(this.database, 'main', 'usage_files') -%}
        {%- set query -%}
            with
            ranked as (
                select
                    *,
                    row_number() over (partition by occurred_on order by row_count desc, load_seq) as size_rank
                from main.usage_files
            )
            select occurred_on, load_seq, size_rank
            from ranked
            window of_day as (partition by occurred_on)
            qualify
                max(case when size_rank = 1 then repeats end) over of_day = 0
                and 20 * (sum(row_count) over of_day - max(row_count) over of_day) <= max(row_count) over of_day
            order by occurred_on, load_seq
        {%- endset -%}
        {%- for occurred_on, load_seq, size_rank in run_query(query).rows -%}
            {%- set load_seqs = loads_by_day.setdefault(occurred_on | string, []) -%}
            {%- do load_seqs.append(load_seq) if size_rank > 1 -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(loads_by_day) }}
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
