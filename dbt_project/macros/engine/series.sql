{#-
    Series, each a relation to stand after `cross join`. It may read columns of the relations before it.
        from lines cross join {{ month_series('lines.starts_on', 'lines.ends_on', 'months') }}   -> months.month_on
-#}

{#- One row a calendar month that [start_date, end_date) touches; column month_on (its first day). -#}
{% macro month_series(start_date, end_date, alias) -%}
    {{ return(adapter.dispatch('month_series', 'tieout')(start_date, end_date, alias)) }}
{%- endmacro %}

{% macro default__month_series(start_date, end_date, alias) -%}
    lateral (
        select cast(series.month_at as date) as month_on
        from generate_series(
            date_trunc('month', cast({{ start_date }} as timestamp)),
            cast({{ end_date }} as timestamp) - interval '1 day',
            interval '1 month'
        ) as series (month_at)
    ) as {{ alias }}
{%- endmacro %}


{#- One row a day of [start_date, end_date); column day_on. -#}
{% macro day_series(start_date, end_date, alias) -%}
    {{ return(adapter.dispatch('day_series', 'tieout')(start_date, end_date, alias)) }}
{%- endmacro %}

{% macro default__day_series(start_date, end_date, alias) -%}
    lateral (
        select cast(series.day_at as date) as day_on
        from generate_series(
            cast({{ start_date }} as timestamp),
            cast({{ end_date }} as timestamp) - interval '1 day',
            interval '1 day'
        ) as series (day_at)
    ) as {{ alias }}
{%- endmacro %}


{#- The integers first..last, both included; column n. No row when last < first. -#}
{% macro integer_series(first, last, alias) -%}
    {{ return(adapter.dispatch('integer_series', 'tieout')(first, last, alias)) }}
{%- endmacro %}

{% macro default__integer_series(first, last, alias) -%}
    lateral (
        select series.n
        from generate_series(cast({{ first }} as integer), cast({{ last }} as integer)) as series (n)
    ) as {{ alias }}
{%- endmacro %}
