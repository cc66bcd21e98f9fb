{#-
    How a model is kept that replaces the days which changed in the tables that it reads. Postgres notes changes (ops.changed_days); elsewhere
    the model is built anew.
-#}
{% macro kept_by_change() -%}
    {{ return(adapter.dispatch('kept_by_change', 'tieout')()) }}
{%- endmacro %}

{% macro default__kept_by_change() -%}
    {{ return('table') }}
{%- endmacro %}

{% macro postgres__kept_by_change() -%}
    {{ return('incremental') }}
{%- endmacro %}


{#-
    Pre-hook of such a model: the temporary relation changed_days(usage_on), the days to replace: those that the tables `relations` noted since the
    model read them, and those of the select `also`. A table that notes nothing yet (it is new, or was built anew) does from now on, and
    every day is replaced.
-#}
{% macro make_changed_days(relations, also) -%}
    {%- if execute -%}
        {{ adapter.dispatch('make_changed_days', 'tieout')(relations, also) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__make_changed_days(relations, also) -%}
{%- endmacro %}

{% macro postgres__make_changed_days(relations, also) -%}
    {#- A month that is built again in schemas of its own (tieout close reproduce) has readers of its own. -#}
    {%- set reader = this.schema ~ '.' ~ this.identifier -%}
    {%- set silent = [] -%}
    {%- for relation in relations -%}
        {%- set noting -%}
            select 1 from pg_catalog.pg_trigger
            where tgrelid = cast('{{ relation }}' as regclass) and tgname = 'notes_for_{{ this.identifier }}'
        {%- endset -%}
        {%- if run_query(noting).rows | length == 0 -%}
            {%- do silent.append(relation) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for relation in silent %}
    {%- for name, event, rows in [
        ('insert', 'insert', 'new'), ('delete', 'delete', 'old'), ('update_from', 'update', 'old'), ('update_to', 'update', 'new'),
    ] %}
    create or replace trigger notes_{{ name }}_for_{{ this.identifier }} after {{ event }} on {{ relation }}
    referencing {{ rows }} table as changed_rows
    for each statement execute function ops.note_changed_days('{{ reader }}', 'usage_on');
    {%- endfor %}
    create or replace trigger notes_for_{{ this.identifier }} after truncate on {{ relation }}
    for each statement execute function ops.note_changed_days('{{ reader }}');
    {%- endfor %}
    create temporary table changed_days (usage_on date) on commit drop;
    with taken as (
        delete from ops.changed_days where reader = '{{ reader }}' returning changed_on
    )
    insert into changed_days
    select distinct changed_on from taken;
    {%- if is_incremental() %}
    insert into changed_days {{ also }};
    insert into changed_days
    select every.usage_on
    from (
        select usage_on from {{ this }}
        {%- for relation in relations %}
        union
        select usage_on from {{ relation }}
        {%- endfor %}
    ) as every
    where {{ 'true' if silent else 'exists (select 1 from changed_days where usage_on is null)' }};
    {%- endif %}
    analyze changed_days
{%- endmacro %}
