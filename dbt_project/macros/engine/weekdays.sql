{#- The ISO weekday of a date: 1 Monday .. 7 Sunday, an integer. -#}
{% macro iso_weekday(date) -%}
    {{ return(adapter.dispatch('iso_weekday', 'tieout')(date)) }}
{%- endmacro %}

{% macro default__iso_weekday(date) -%}
    cast(extract(isodow from cast({{ date }} as date)) as integer)
{%- endmacro %}


{#-
    A date plus n business days (Monday to Friday), n >= 0, and never before the date. A weekend date counts as the
    Friday before it, so that one business day after a Sunday is the Monday. Whole weeks are counted by multiplying with
    0.2 and taking the floor, which is exact in decimals on every engine.
-#}
{% macro add_business_days(date, days) -%}
    greatest(
        cast({{ date }} as date),
        {{ add_days(
            date,
            days
            ~ ' + 2 * floor((least(' ~ iso_weekday(date) ~ ', 5) - 1 + ' ~ days ~ ') * 0.2)'
            ~ ' - greatest(' ~ iso_weekday(date) ~ ' - 5, 0)'
        ) }}
    )
{%- endmacro %}
