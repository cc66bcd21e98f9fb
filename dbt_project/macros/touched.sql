{#-
    The window of the running build. The launcher writes one row to ops.builds (status running) before it starts dbt, so the
    window reaches the models as data: no variable changes, dbt keeps its parsed project.
-#}

{#- Loads the running build must look at, as a parenthesised subquery: one row a load (load_id, load_seq, system, object, delivered_on). -#}
{% macro touched_loads(system=none, object=none) -%}
(
        select
            loads.load_id,
            loads.load_seq,
            loads.system,
            loads.object,
            loads.delivered_on
        from {{ ref('stg_ops__loads') }} as loads
        where
            exists (
                select 1
                from {{ ref('stg_ops__builds') }} as builds
                where
                    builds.status = 'running'
                    and (
                        (loads.load_seq > builds.from_load_seq and loads.load_seq <= builds.to_load_seq)
                        or (loads.delivered_on >= builds.window_start and loads.delivered_on < builds.window_end)
                    )
            )
            {%- if system is not none %}
            and loads.system = '{{ system }}'
            {%- endif %}
            {%- if object is not none %}
            and loads.object = '{{ object }}'
            {%- endif %}
    )
{%- endmacro %}


{#-
    The values of a query's one column, a list; none where the model is built whole or dbt only parses. Where the answer can only hold
    something after certain loads, `after` is a select of these: without a row of it the query is not asked, which may read all rows of a
    table. Both are rendered by the caller either way, so that dbt sees what the model depends on.
-#}
{% macro values_of_touched(query, after=none) -%}
    {%- set is_asked = execute and is_incremental() and (after is none or run_query(after).rows | length > 0) -%}
    {{ return((run_query(query).columns[0].values() | list) if is_asked else []) }}
{%- endmacro %}


{#- The numbers of the touched loads of usage events, a list. -#}
{% macro touched_usage_load_seqs() -%}
    {%- set loads = touched_loads('usage', 'events') -%}
    {{ return(values_of_touched("select loads.load_seq from " ~ loads ~ " as loads order by 1")) }}
{%- endmacro %}


{#- The days on which the touched loads of usage events were delivered, a list of dates: the folders of a lake, and no other file is opened. -#}
{% macro touched_usage_deliveries() -%}
    {%- set loads = touched_loads('usage', 'events') -%}
    {{ return(values_of_touched("select distinct loads.delivered_on from " ~ loads ~ " as loads order by 1")) }}
{%- endmacro %}


{#- The UTC days on which an event of the touched loads happened, a list of dates; int_usage__load_days knows them. -#}
{% macro touched_usage_days() -%}
    {%- set query -%}
        select distinct load_days.occurred_on
        from {{ ref('int_usage__load_days') }} as load_days
        where load_days.load_id in (select loads.load_id from {{ touched_loads('usage', 'events') }} as loads)
        order by 1
    {%- endset -%}
    {{ return(values_of_touched(query)) }}
{%- endmacro %}


{#- Days of a list and their neighbours, each once. -#}
{% macro with_neighbours(days, reach=1) -%}
    {%- set wider = [] -%}
    {%- for day in days -%}
        {%- for step in range(-reach, reach + 1) -%}
            {%- set neighbour = day + modules.datetime.timedelta(days=step) -%}
            {%- if neighbour not in wider -%}
                {%- do wider.append(neighbour) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(wider | sort) }}
{%- endmacro %}


{#- Days of a list as a temporary relation (occurred_on). -#}
{% macro touched_days_relation(name, days) -%}
    {%- if execute and is_incremental() -%}
        {%- set query -%}
            select cast(null as date) as occurred_on where false
            {%- for day in days %}
            union all select date '{{ day }}'
            {%- endfor %}
        {%- endset -%}
        {{ touched_relation(name, query) }}
    {%- endif -%}
{%- endmacro %}


{#- Pre-hook of models that replace whole UTC days: the temporary relation touched_usage_days(occurred_on). -#}
{% macro make_touched_usage_days() -%}
    {{ touched_days_relation('touched_usage_days', touched_usage_days()) }}
{%- endmacro %}


{#- Pre-hook of int_usage__load_days: the temporary relation touched_usage_loads(load_id). -#}
{% macro make_touched_usage_loads() -%}
    {%- set query -%}
        select loads.load_id from {{ touched_loads('usage', 'events') }} as loads
    {%- endset -%}
    {%- if execute and is_incremental() -%}
        {{ touched_relation('touched_usage_loads', query) }}
    {%- endif -%}
{%- endmacro %}
