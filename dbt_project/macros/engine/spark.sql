{#-
    What Spark says in other words: bodies of the macros of this folder. The session's zone is UTC, so that a timestamp and its date are in
    UTC; its other settings stand in profiles.yml.
-#}

{% macro spark__text_type() -%}
    string
{%- endmacro %}

{% macro spark__utc_date(instant) -%}
    cast({{ instant }} as date)
{%- endmacro %}

{% macro spark__start_of_utc_day(date) -%}
    cast(cast({{ date }} as date) as timestamp)
{%- endmacro %}

{% macro spark__add_days(date, days) -%}
    date_add(cast({{ date }} as date), cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__add_seconds(instant, seconds) -%}
    timestamp_micros(unix_micros({{ instant }}) + cast({{ as_exact(seconds) }} * 1000000 as bigint))
{%- endmacro %}

{% macro spark__integer_series(first, last, alias) -%}
    {%- set from_no = 'cast(' ~ first ~ ' as integer)' -%}
    {%- set last_no = 'cast(' ~ last ~ ' as integer)' -%}
    lateral (
        select explode(case when {{ from_no }} <= {{ last_no }} then sequence({{ from_no }}, {{ last_no }}) end) as n
    ) as {{ alias }}
{%- endmacro %}

{% macro spark__identity_hash(source, event_id) -%}
    xxhash64({{ source }}, {{ event_id }})
{%- endmacro %}

{#- One statement: dbt sends Spark one at a time. -#}
{% macro spark__repeated_identities(days) -%}
    create or replace temporary view repeated_identities as
    select
        occurred_on,
        {{ identity_hash('source', 'event_id') }} as identity_hash
    from {{ ref('stg_usage__events') }}
    group by occurred_on, {{ identity_hash('source', 'event_id') }}
    having count(*) > 1
{%- endmacro %}
