{#-
    What Spark says in other words: bodies of the macros of this folder. The session's zone is UTC, so that a timestamp and its date are in
    UTC; its other settings stand in profiles.yml.
-#}

{#-
    What dbt asks first when it runs models; it stops here when the session is not in ANSI mode. dbt's adapter turns that mode off, and
    what overflows or is no number would be null in silence.
-#}
{% macro spark__list_schemas(database) -%}
    {%- set mode = run_query('set spark.sql.ansi.enabled').rows[0][1] -%}
    {%- if mode | string | lower != 'true' -%}
        {{ exceptions.raise_compiler_error(
            "Spark's session is not in ANSI mode, because dbt was started by hand: what overflows would be null. Start it through tieout "
            ~ "(tieout build, make engines), which keeps the mode on."
        ) }}
    {%- endif -%}
    {{ return(run_query('show databases')) }}
{%- endmacro %}

{% macro spark__text_type() -%}
    string
{%- endmacro %}

{% macro spark__utc_date(instant) -%}
    cast({{ instant }} as date)
{%- endmacro %}

{#-
    Not the bare column: what a look-up asks of a column by `=`, Spark leaves aside until it has held every instant that is asked for against
    the stretches of all zones.
-#}
{% macro spark__is_of_zone(zone) -%}
    zone_stretches.stretch_zone || '' = {{ zone }}
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
    {{ spark_series('cast(' ~ first ~ ' as integer)', 'cast(' ~ last ~ ' as integer)', '1', 'n', alias) }}
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
    {%- if is_incremental() %}
    where occurred_on in ({{ literal_dates(days) }})
    {%- endif %}
    group by occurred_on, {{ identity_hash('source', 'event_id') }}
    having count(*) > 1
{%- endmacro %}

{#-
    Tables are files: what a build touches is written anew as whole partitions. A statement cannot read the table that it writes, so that
    what is touched is known as literals before it starts, and there are no relations of touched keys.
-#}
{% macro spark__strategy_by_touch() -%}
    {{ return('insert_overwrite') }}
{%- endmacro %}

{% macro spark__divided_by(column) -%}
    {{ return(column) }}
{%- endmacro %}

{% macro spark__touched_relation(name, query) -%}
{%- endmacro %}

{% macro spark__reach_of_touch() -%}
    {{ return(2) }}
{%- endmacro %}

{% macro spark__is_touched_usage(rows, key) -%}
    {{ rows }}.usage_on in ({{ literal_dates(touched_local_days()) }})
{%- endmacro %}

{#- The usage days that new events and changed zones and meters can touch, a list of dates: a local day is a UTC day or a neighbour of it. -#}
{% macro touched_local_days() -%}
    {{ return((with_neighbours(touched_usage_days()) + emptied_days()) | unique | sort) }}
{%- endmacro %}

{#- The usage days from which events may have moved to another, and their neighbours, a list of dates. -#}
{% macro emptied_days() -%}
    {{ return(with_neighbours(remapped_usage_days())) }}
{%- endmacro %}

{#- A day without a new row is no partition of what is written, so that its old rows would stay. -#}
{% macro spark__remove_emptied_days() -%}
    {%- set days = emptied_days() -%}
    {%- if execute and days -%}
        {%- set written = run_query("select distinct usage_on from " ~ this.identifier ~ "__dbt_tmp") -%}
        {%- set emptied = days | reject("in", written.columns[0].values() | list) | list -%}
        {%- if emptied -%}
            alter table {{ this }} drop if exists
            {%- for day in emptied %}
                partition (usage_on = date '{{ day }}'){{ ',' if not loop.last }}
            {%- endfor %}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro spark__instant_type() -%}
    timestamp
{%- endmacro %}

{% macro spark__timestamp_literal(text) -%}
    cast('{{ text }}' as timestamp)
{%- endmacro %}

{#- Spark decides itself what it computes once. -#}
{% macro spark__once() -%}
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

{% macro spark__add_months_to_date(date, months) -%}
    add_months(cast({{ date }} as date), cast({{ months }} as integer))
{%- endmacro %}

{% macro spark__iso_weekday(date) -%}
    (weekday(cast({{ date }} as date)) + 1)
{%- endmacro %}

{% macro spark__utc_clock(instant) -%}
    date_format({{ instant }}, 'HH:mm')
{%- endmacro %}

{% macro spark__date_text(date) -%}
    date_format({{ date }}, 'yyyy-MM-dd')
{%- endmacro %}

{% macro spark__instant_text(instant) -%}
    date_format({{ instant }}, "yyyy-MM-dd'T'HH:mm:ss'Z'")
{%- endmacro %}

{#- sequence() runs backwards where its end comes first, so an empty series is asked for by null. -#}
{% macro spark_series(first, last, step, name, alias) -%}
    lateral (
        select explode(case when {{ first }} <= {{ last }} then sequence({{ first }}, {{ last }}, {{ step }}) end) as {{ name }}
    ) as {{ alias }}
{%- endmacro %}

{% macro spark__month_series(start_date, end_date, alias) -%}
    {%- set first_month = "cast(date_trunc('month', cast(" ~ start_date ~ ' as timestamp)) as date)' -%}
    {{ spark_series(first_month, add_days(end_date, -1), 'interval 1 month', 'month_on', alias) }}
{%- endmacro %}

{% macro spark__day_series(start_date, end_date, alias) -%}
    {%- set first_on = 'cast(' ~ start_date ~ ' as date)' -%}
    {{ spark_series(first_on, add_days(end_date, -1), 'interval 1 day', 'day_on', alias) }}
{%- endmacro %}

{% macro spark__stop_with(message) -%}
    raise_error('{{ message }}')
{%- endmacro %}

{% macro spark__with_values(values, expression) -%}
    transform(
        array(named_struct({% for name, value in values.items() %}'{{ name }}', {{ value }}{{ ', ' if not loop.last }}{% endfor %})),
        given -> {{ expression }}
    )[0]
{%- endmacro %}

{% macro spark__joined_text(expression, separator) -%}
    {%- set text = 'cast(' ~ expression ~ ' as string)' -%}
    case when count({{ text }}) > 0 then array_join(array_sort(collect_set({{ text }})), '{{ separator }}') end
{%- endmacro %}

{% macro spark__joined_in_order(expression, separator, order_by) -%}
    listagg({{ expression }}, '{{ separator }}') within group (order by {{ order_by }})
{%- endmacro %}

{% macro spark__json_string(text) -%}
    (case when ({{ text }}) is not null then substr(to_json(array({{ text }})), 2, length(to_json(array({{ text }}))) - 2) end)
{%- endmacro %}

{% macro spark__json_field(document, name) -%}
    get_json_object({{ document }}, '$.' || {{ name }})
{%- endmacro %}

{#- Spark writes decimals near zero with an exponent: 0E-19, 1.50E-8. -#}
{% macro spark__text_of(value) -%}
    {%- if modules.re.match('^[a-z_][a-z0-9_.]*$', value) -%}
    {{ spark_text_of_column(value) }}
    {%- else -%}
    {{ with_values({'value': value}, spark_text_of_column('given.value')) }}
    {%- endif -%}
{%- endmacro %}

{% macro spark_text_of_column(value) -%}
    {%- set text = 'cast(' ~ value ~ ' as string)' -%}
    case
        when lower(typeof({{ value }})) like 'decimal%' and {{ text }} like '%E-%'
            then regexp_replace(
                case when {{ text }} like '-%' then '-' else '' end
                || '0.'
                || repeat('0', try_cast(regexp_extract({{ text }}, 'E-([0-9]+)$', 1) as integer) - 1)
                || regexp_replace(regexp_replace({{ text }}, 'E-.*$', ''), '[-.]', ''),
                '[.]?0+$', ''
            )
        else {{ default__text_of(value) }}
    end
{%- endmacro %}

{% macro spark__is_castable(text, kind) -%}
    ({{ text }} rlike '{{ cast_pattern(kind) }}')
{%- endmacro %}

{% macro spark__to_timestamp_utc(text) -%}
    case when {{ is_castable(text, 'timestamp') }} then cast({{ text }} as timestamp) end
{%- endmacro %}

{% macro spark__add_months(instant, months) -%}
    (({{ instant }}) + make_ym_interval(0, cast({{ months }} as integer)))
{%- endmacro %}

{% macro spark__greatest_common_divisor(left, right) -%}
    {{ spark_common_divisor(left, right, exact_number()) }}
{%- endmacro %}

{#- Euclid's algorithm, also of fractions: decimals of one scale leave exact rests. Two numbers of 38 digits need at most 182 steps. -#}
{% macro spark_common_divisor(left, right, kind) -%}
    aggregate(
        sequence(1, 182),
        named_struct('divisor', abs(cast({{ left }} as {{ kind }})), 'rest', abs(cast({{ right }} as {{ kind }}))),
        (held, step) -> case
            when held.rest = 0 then held
            else named_struct('divisor', held.rest, 'rest', cast(held.divisor % held.rest as {{ kind }}))
        end,
        held -> held.divisor
    )
{%- endmacro %}

{#- `/` of integers is a double. -#}
{% macro spark__integer_quotient(dividend, divisor) -%}
    (({{ dividend }}) div ({{ divisor }}))
{%- endmacro %}

{% macro spark__least_common_multiple_of(number) -%}
    aggregate(
        collect_set(cast({{ number }} as {{ whole_number() }})),
        cast(1 as {{ whole_number() }}),
        (multiple, one) -> cast(
            multiple * {{ whole_quotient('one', spark_common_divisor('multiple', 'one', whole_number())) }} as {{ whole_number() }}
        )
    )
{%- endmacro %}

{#- Spark admits no window functions in a recursion: as many steps as there are are written out. -#}
{% macro spark__steps(name, first, next, count) -%}
    {%- set steps = run_query(count).columns[0].values()[0] if execute else 0 -%}
    {{ name }}_0 as (
        {{ first }}
    ),
    {%- for step in range(1, (steps or 0) + 1) %}
    {{ name }}_{{ step }} as (
        with {{ name }} as (select * from {{ name }}_{{ step - 1 }})

        {{ next }}
    ),
    {%- endfor %}
    {{ name }} as (
        {%- for step in range((steps or 0) + 1) %}
        select * from {{ name }}_{{ step }}
        {{- ' union all' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
