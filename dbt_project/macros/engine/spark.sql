{#-
    What Spark says in other words: bodies of the macros of this folder. The session's zone is UTC, so that a timestamp and its date are in
    UTC; its other settings stand in profiles.yml.
-#}

{% macro spark__text_type() -%}
    string
{%- endmacro %}

{% macro spark__instant_type() -%}
    timestamp
{%- endmacro %}

{% macro spark__once() -%}
{%- endmacro %}

{% macro spark__utc_date(instant) -%}
    cast({{ instant }} as date)
{%- endmacro %}

{% macro spark__start_of_utc_day(date) -%}
    cast(cast({{ date }} as date) as timestamp)
{%- endmacro %}

{% macro spark__utc_clock(instant) -%}
    date_format({{ instant }}, 'HH:mm')
{%- endmacro %}

{% macro spark__timestamp_literal(text) -%}
    cast('{{ text }}' as timestamp)
{%- endmacro %}

{% macro spark__add_days(date, days) -%}
    date_add(cast({{ date }} as date), cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__add_months(instant, months) -%}
    (({{ instant }}) + make_ym_interval(0, cast({{ months }} as integer)))
{%- endmacro %}

{% macro spark__add_months_to_date(date, months) -%}
    add_months(cast({{ date }} as date), cast({{ months }} as integer))
{%- endmacro %}

{% macro spark__add_seconds(instant, seconds) -%}
    timestamp_micros(unix_micros({{ instant }}) + cast({{ as_exact(seconds) }} * 1000000 as bigint))
{%- endmacro %}

{% macro spark__days_between(start_date, end_date) -%}
    datediff(cast({{ end_date }} as date), cast({{ start_date }} as date))
{%- endmacro %}

{% macro spark__seconds_between(start_instant, end_instant) -%}
    cast(
        cast(unix_micros({{ end_instant }}) - unix_micros({{ start_instant }}) as {{ exact_number() }}) * 0.000001
        as {{ exact_number() }}
    )
{%- endmacro %}

{% macro spark__date_text(date) -%}
    date_format({{ date }}, 'yyyy-MM-dd')
{%- endmacro %}

{% macro spark__month_text(date) -%}
    date_format({{ date }}, 'yyyy-MM')
{%- endmacro %}

{% macro spark__instant_text(instant) -%}
    (date_format({{ instant }}, 'yyyy-MM-dd') || 'T' || date_format({{ instant }}, 'HH:mm:ss') || 'Z')
{%- endmacro %}

{% macro spark__iso_weekday(date) -%}
    (weekday({{ date }}) + 1)
{%- endmacro %}

{#- A sequence that would run backwards is an error on Spark; here it is empty. -#}
{% macro spark__month_series(start_date, end_date, alias) -%}
    {%- set from_on = "cast(date_trunc('month', cast(" ~ start_date ~ ' as timestamp)) as date)' -%}
    {%- set last_on = 'date_add(cast(' ~ end_date ~ ' as date), -1)' -%}
    lateral (
        select explode(
            case when {{ from_on }} <= {{ last_on }} then sequence({{ from_on }}, {{ last_on }}, interval 1 month) end
        ) as month_on
    ) as {{ alias }}
{%- endmacro %}

{% macro spark__day_series(start_date, end_date, alias) -%}
    {%- set from_on = 'cast(' ~ start_date ~ ' as date)' -%}
    {%- set last_on = 'date_add(cast(' ~ end_date ~ ' as date), -1)' -%}
    lateral (
        select explode(
            case when {{ from_on }} <= {{ last_on }} then sequence({{ from_on }}, {{ last_on }}, interval 1 day) end
        ) as day_on
    ) as {{ alias }}
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

{% macro spark__joined_text(expression, separator) -%}
    case
        when count({{ expression }}) > 0
            then array_join(sort_array(collect_set(cast({{ expression }} as string))), '{{ separator }}')
    end
{%- endmacro %}

{% macro spark__joined_in_order(expression, separator, order_by) -%}
    case
        when count({{ expression }}) > 0
            then array_join(
                transform(array_sort(collect_list(struct({{ order_by }} as place, {{ expression }} as word))), pair -> pair.word),
                '{{ separator }}'
            )
    end
{%- endmacro %}

{% macro spark__json_field(document, name) -%}
    get_json_object({{ document }}, '$.' || {{ name }})
{%- endmacro %}

{#- A text as a JSON string: that of a list of one, without its brackets. -#}
{% macro spark__json_string(text) -%}
    substr(to_json(array({{ text }})), 2, length(to_json(array({{ text }}))) - 2)
{%- endmacro %}

{% macro spark__is_castable(text, kind) -%}
    ({{ text }} rlike '{{ cast_pattern(kind) }}')
{%- endmacro %}

{#- Euclid's steps: two hundred are enough for any two numbers of 38 digits. -#}
{% macro spark__greatest_common_divisor(left, right) -%}
    aggregate(
        sequence(1, 200),
        struct(abs({{ as_exact(left) }}) as a, abs({{ as_exact(right) }}) as b),
        (pair, step) -> case when pair.b = 0 then pair else struct(pair.b as a, {{ as_exact('pair.a % pair.b') }} as b) end,
        pair -> case when pair.b = 0 then pair.a else {{ stop_with('a divisor that 200 steps do not find') }} end
    )
{%- endmacro %}
