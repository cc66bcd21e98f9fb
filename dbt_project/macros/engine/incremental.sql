{#-
    Incremental strategy `replace_touched`: the keys that the build touches are deleted, then the model's rows for these keys are inserted, in
    the transaction of the model. A key whose rows vanished leaves nothing behind, which delete+insert and merge do not give.

    The model's configuration says which keys:
        touched = {'relation': <temporary relation made by a pre-hook with touched_relation()>, 'columns': [<columns of the key>]}
-#}
{% macro get_incremental_replace_touched_sql(arg_dict) -%}
    {{ return(adapter.dispatch('replace_touched_sql', 'tieout')(arg_dict, config.require('touched'))) }}
{%- endmacro %}

{% macro default__replace_touched_sql(arg_dict, touched) -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }} as target
    using {{ touched['relation'] }} as touched
    where
        {%- for column in touched['columns'] %}
        target.{{ column }} = touched.{{ column }}{{ ' and' if not loop.last }}
        {%- endfor %};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{%- endmacro %}


{#- A relation that lives as long as the model's transaction, with fresh statistics. -#}
{% macro touched_relation(name, query) -%}
    {{ return(adapter.dispatch('touched_relation', 'tieout')(name, query)) }}
{%- endmacro %}

{% macro default__touched_relation(name, query) -%}
    create temporary table {{ name }} on commit drop as {{ query }};
    {{ with_statistics(name) }}
{%- endmacro %}


{#- The same without rows, to be filled; `columns` are names and types. with_statistics() ends the filling. -#}
{% macro touched_table(name, columns) -%}
    {{ return(adapter.dispatch('touched_table', 'tieout')(name, columns)) }}
{%- endmacro %}

{% macro default__touched_table(name, columns) -%}
    create temporary table {{ name }} ({{ columns }}) on commit drop
{%- endmacro %}


{#- Statistics of a relation that was filled, for engines whose planner needs them. -#}
{% macro with_statistics(name) -%}
    {{ return(adapter.dispatch('with_statistics', 'tieout')(name)) }}
{%- endmacro %}

{% macro default__with_statistics(name) -%}
    analyze {{ name }}
{%- endmacro %}


{#- Values as a list of literals to stand in `in (...)`: known when the query is planned, so that partitions are pruned. Never empty. -#}
{% macro literal_dates(dates) -%}
    {%- for date in dates %}date '{{ date }}'{{ ', ' if not loop.last }}{% else %}null{% endfor -%}
{%- endmacro %}

{% macro literal_integers(integers) -%}
    {%- for integer in integers %}cast('{{ integer }}' as bigint){{ ', ' if not loop.last }}{% else %}null{% endfor -%}
{%- endmacro %}


{% macro literal_texts(texts) -%}
    {%- for text in texts %}'{{ text | replace("'", "''") }}'{{ ', ' if not loop.last }}{% else %}null{% endfor -%}
{%- endmacro %}


{#- A 64-bit number of an event's identity. Two identities may share one: it only narrows the search. -#}
{% macro identity_hash(source, event_id) -%}
    {{ return(adapter.dispatch('identity_hash', 'tieout')(source, event_id)) }}
{%- endmacro %}

{% macro default__identity_hash(source, event_id) -%}
    hashtextextended({{ event_id }}, hashtextextended({{ source }}, 0))
{%- endmacro %}


{#- The days that have a partition in a relation partitioned by day, or in the one that a view reads, a list of dates in order. -#}
{% macro partition_days(relation) -%}
    {%- if execute -%}
        {{ return(run_query(adapter.dispatch('partition_days_sql', 'tieout')(relation)).columns[0].values() | list) }}
    {%- else -%}
        {{ return([]) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__partition_days_sql(relation) -%}
    select distinct occurred_on from {{ relation }} order by 1
{%- endmacro %}

{% macro postgres__partition_days_sql(relation) -%}
    select cast(substring(pg_get_expr(partitions.relpartbound, partitions.oid) from '[0-9]{4}-[0-9]{2}-[0-9]{2}') as date)
    from pg_catalog.pg_inherits
    inner join pg_catalog.pg_class as partitions on pg_inherits.inhrelid = partitions.oid
    where
        pg_inherits.inhparent = cast('{{ relation }}' as regclass)
        or pg_inherits.inhparent in (
            select pg_depend.refobjid
            from pg_catalog.pg_depend
            inner join pg_catalog.pg_rewrite on pg_depend.objid = pg_rewrite.oid
            where
                pg_depend.classid = cast('pg_rewrite' as regclass)
                and pg_depend.refclassid = cast('pg_class' as regclass)
                and pg_rewrite.ev_class = cast('{{ relation }}' as regclass)
        )
    order by 1
{%- endmacro %}


{#-
    The relation repeated_identities(occurred_on, identity_hash): every identity that came more than once on one of the days given, and
    few others, each once. One statement a day, so that memory is that of one day.
-#}
{% macro repeated_identities(days) -%}
    {{ return(adapter.dispatch('repeated_identities', 'tieout')(days)) }}
{%- endmacro %}

{% macro default__repeated_identities(days) -%}
    {{ touched_table('repeated_identities', 'occurred_on date, identity_hash bigint') }};
    {%- for day in days %}
    {{ add_repeated_identities(day) }};
    {%- endfor %}
    {{ with_statistics('repeated_identities') }}
{%- endmacro %}

{%- macro add_repeated_identities(day) -%}
    insert into repeated_identities
    select date '{{ day }}', {{ identity_hash('source', 'event_id') }}
    from {{ ref('stg_usage__events') }}
    where occurred_on = date '{{ day }}'
    group by {{ identity_hash('source', 'event_id') }}
    having count(*) > 1
{%- endmacro %}


{#-
    How a model is kept that replaces what a build touches: as rows that are deleted and inserted, or, where tables are files (Spark), as
    partitions that are written anew, each whole.
-#}
{% macro strategy_by_touch() -%}
    {{ return(adapter.dispatch('strategy_by_touch', 'tieout')()) }}
{%- endmacro %}

{% macro default__strategy_by_touch() -%}
    {{ return('replace_touched') }}
{%- endmacro %}


{#- The column that such a model's files are divided by; none where rows are replaced. -#}
{% macro divided_by(column) -%}
    {{ return(adapter.dispatch('divided_by', 'tieout')(column)) }}
{%- endmacro %}

{% macro default__divided_by(column) -%}
    {{ return(none) }}
{%- endmacro %}


{#-
    The condition that rows belong to what a build touches of int_usage__daily and int_usage__daily_parts: their account, usage day and
    `key` (event_type or meter_code) are touched; where partitions are written anew, their usage day is.
-#}
{% macro is_touched_usage(rows, key) -%}
    {{ return(adapter.dispatch('is_touched_usage', 'tieout')(rows, key)) }}
{%- endmacro %}

{% macro default__is_touched_usage(rows, key) -%}
    exists (
            select 1
            from touched_usage_keys as touched
            where
                touched.account_id = {{ rows }}.account_id
                and touched.{{ key }} = {{ rows }}.{{ key }}
                and touched.usage_on = {{ rows }}.usage_on
        )
{%- endmacro %}


{#-
    How many UTC days around those of the touched events hold the events that are summed again. Of one account, one: its local day has
    parts in two UTC days. Of all accounts of a usage day, two.
-#}
{% macro reach_of_touch() -%}
    {{ return(adapter.dispatch('reach_of_touch', 'tieout')()) }}
{%- endmacro %}

{% macro default__reach_of_touch() -%}
    {{ return(1) }}
{%- endmacro %}


{#- After a model was written by usage days: remove the days whose every row moved to another day. -#}
{% macro remove_emptied_days() -%}
    {{ return(adapter.dispatch('remove_emptied_days', 'tieout')()) }}
{%- endmacro %}

{% macro default__remove_emptied_days() -%}
{%- endmacro %}
