{#- Dates and instants. Instants are UTC everywhere; no expression here depends on the session's time zone. -#}

{#-
    What a zone is ahead of UTC at an instant, in seconds, from the zone database that the warehouse holds as rows: no engine is asked for
    its own. Zero where the zone is not among them, and before 1970 and after 2199. Each call is a look-up; where a query asks for every
    event, it joins int_usage__zone_days.
-#}
{% macro utc_offset(instant, zone) -%}
    coalesce(
        (
            select max(zone_stretches.stretch_offset)
            from {{ zone_stretches() }}
            where
                {{ is_of_zone(zone) }}
                and zone_stretches.stretch_from <= {{ instant }}
                and zone_stretches.stretch_to > {{ instant }}
        ),
        0
    )
{%- endmacro %}


{#- The rows that a look-up reads. No column of a query has these names, so that its own can stand in the conditions bare. -#}
{% macro zone_stretches() -%}
    (
                select
                    zone as stretch_zone,
                    from_utc as stretch_from,
                    to_utc as stretch_to,
                    utc_offset as stretch_offset
                from {{ source('ops', 'tz_transitions') }}
            ) as zone_stretches
{%- endmacro %}


{#- The condition of a look-up that a stretch is one of the zone. -#}
{% macro is_of_zone(zone) -%}
    {{ return(adapter.dispatch('is_of_zone', 'tieout')(zone)) }}
{%- endmacro %}

{% macro default__is_of_zone(zone) -%}
    zone_stretches.stretch_zone = {{ zone }}
{%- endmacro %}


{#- The calendar date of an instant in a zone. -#}
{% macro local_date(instant, zone) -%}
    {{ utc_date(add_seconds(instant, utc_offset(instant, zone))) }}
{%- endmacro %}


{#- The calendar date of an instant in UTC. -#}
{% macro utc_date(instant) -%}
    {{ return(adapter.dispatch('utc_date', 'tieout')(instant)) }}
{%- endmacro %}

{% macro default__utc_date(instant) -%}
    cast(({{ instant }}) at time zone 'UTC' as date)
{%- endmacro %}


{#- Midnight UTC that starts a date, as an instant. -#}
{% macro start_of_utc_day(date) -%}
    {{ return(adapter.dispatch('start_of_utc_day', 'tieout')(date)) }}
{%- endmacro %}

{% macro default__start_of_utc_day(date) -%}
    (cast({{ date }} as timestamp) at time zone 'UTC')
{%- endmacro %}


{#- The first instant after a date (UTC): the half-open end of the day. -#}
{% macro end_of_utc_day(date) -%}
    {{ start_of_utc_day(add_days(date, 1)) }}
{%- endmacro %}


{#-
    The first instant of a local date in a zone: the first at which its clocks show midnight or later. A midnight that clocks skip is the
    instant after the gap; of a midnight that clocks repeat it is the first.
-#}
{% macro start_of_local_day(date, zone) -%}
    coalesce(
        (
            select min(midnights.midnight_at)
            from (
                select
                    greatest(
                        zone_stretches.stretch_from,
                        {{ add_seconds(start_of_utc_day(date), '-zone_stretches.stretch_offset') }}
                    ) as midnight_at
                from {{ zone_stretches() }}
                where
                    {{ is_of_zone(zone) }}
                    and zone_stretches.stretch_from < {{ end_of_utc_day(add_days(date, 1)) }}
                    and zone_stretches.stretch_to > {{ start_of_utc_day(add_days(date, -2)) }}
                    and zone_stretches.stretch_to
                    > {{ add_seconds(start_of_utc_day(date), '-zone_stretches.stretch_offset') }}
            ) as midnights
        ),
        {{ start_of_utc_day(date) }}
    )
{%- endmacro %}


{#- The time of day of an instant in a zone, a text 'hh:mm' from 00:00 to 23:59. -#}
{% macro local_clock(instant, zone) -%}
    {{ utc_clock(add_seconds(instant, utc_offset(instant, zone))) }}
{%- endmacro %}


{#- The same in UTC. -#}
{% macro utc_clock(instant) -%}
    {{ return(adapter.dispatch('utc_clock', 'tieout')(instant)) }}
{%- endmacro %}

{% macro default__utc_clock(instant) -%}
    to_char(({{ instant }}) at time zone 'UTC', 'HH24:MI')
{%- endmacro %}


{#- Seconds since 1970-01-01T00:00:00Z as exact numeric; leap seconds are not counted. -#}
{% macro epoch_seconds(instant) -%}
    {{ seconds_between(timestamp_literal('1970-01-01T00:00:00Z'), instant) }}
{%- endmacro %}


{% macro timestamp_literal(text) -%}
    {{ return(adapter.dispatch('timestamp_literal', 'tieout')(text)) }}
{%- endmacro %}

{% macro default__timestamp_literal(text) -%}
    cast('{{ text }}' as timestamp with time zone)
{%- endmacro %}


{#- A date plus n days, a date. -#}
{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days', 'tieout')(date, days)) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    (cast({{ date }} as date) + cast({{ days }} as integer))
{%- endmacro %}


{#- An instant plus n months on the UTC calendar; the day is clipped to the month's last (31 Jan + 1 = 28 Feb). -#}
{% macro add_months(instant, months) -%}
    {{ return(adapter.dispatch('add_months', 'tieout')(instant, months)) }}
{%- endmacro %}

{% macro default__add_months(instant, months) -%}
    ((({{ instant }}) at time zone 'UTC' + ({{ months }}) * interval '1 month') at time zone 'UTC')
{%- endmacro %}


{#- A date plus n months, a date, clipped to the month's last day. -#}
{% macro add_months_to_date(date, months) -%}
    {{ return(adapter.dispatch('add_months_to_date', 'tieout')(date, months)) }}
{%- endmacro %}

{% macro default__add_months_to_date(date, months) -%}
    cast(cast({{ date }} as timestamp) + ({{ months }}) * interval '1 month' as date)
{%- endmacro %}


{#- An instant plus n seconds (n may be numeric or negative). -#}
{% macro add_seconds(instant, seconds) -%}
    {{ return(adapter.dispatch('add_seconds', 'tieout')(instant, seconds)) }}
{%- endmacro %}

{% macro default__add_seconds(instant, seconds) -%}
    (({{ instant }}) + ({{ seconds }}) * interval '1 second')
{%- endmacro %}


{% macro add_hours(instant, hours) -%}
    {{ add_seconds(instant, '(' ~ hours ~ ') * 3600') }}
{%- endmacro %}


{#- Whole days from the first date to the second: [start, end). -#}
{% macro days_between(start_date, end_date) -%}
    {{ return(adapter.dispatch('days_between', 'tieout')(start_date, end_date)) }}
{%- endmacro %}

{% macro default__days_between(start_date, end_date) -%}
    (cast({{ end_date }} as date) - cast({{ start_date }} as date))
{%- endmacro %}


{#- Seconds between two instants as exact numeric. -#}
{% macro seconds_between(start_instant, end_instant) -%}
    {{ return(adapter.dispatch('seconds_between', 'tieout')(start_instant, end_instant)) }}
{%- endmacro %}

{% macro default__seconds_between(start_instant, end_instant) -%}
    cast(extract(epoch from (({{ end_instant }}) - ({{ start_instant }}))) as numeric)
{%- endmacro %}


{#- Whole calendar months from the first date's month to the second's. -#}
{% macro months_between(start_date, end_date) -%}
    {{ return(adapter.dispatch('months_between', 'tieout')(start_date, end_date)) }}
{%- endmacro %}

{% macro default__months_between(start_date, end_date) -%}
    cast(
        (extract(year from {{ end_date }}) - extract(year from {{ start_date }})) * 12
        + extract(month from {{ end_date }}) - extract(month from {{ start_date }}) as integer
    )
{%- endmacro %}


{#- The first day of a date's month. -#}
{% macro month_start(date) -%}
    {{ return(adapter.dispatch('month_start', 'tieout')(date)) }}
{%- endmacro %}

{% macro default__month_start(date) -%}
    cast(date_trunc('month', cast({{ date }} as timestamp)) as date)
{%- endmacro %}


{#- 'YYYY-MM-DD' of a date. -#}
{% macro date_text(date) -%}
    {{ return(adapter.dispatch('date_text', 'tieout')(date)) }}
{%- endmacro %}

{% macro default__date_text(date) -%}
    to_char({{ date }}, 'YYYY-MM-DD')
{%- endmacro %}


{#- 'YYYY-MM' of a date. -#}
{% macro month_text(date) -%}
    substr({{ date_text(date) }}, 1, 7)
{%- endmacro %}


{#- ISO text of an instant in UTC, to the second: 2026-10-28T00:00:00Z. -#}
{% macro instant_text(instant) -%}
    {{ return(adapter.dispatch('instant_text', 'tieout')(instant)) }}
{%- endmacro %}

{% macro default__instant_text(instant) -%}
    to_char(({{ instant }}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
{%- endmacro %}
