{#- The ISO weekday of a date: 1 Monday .. 7 Sunday, an integer. -#}
{% macro iso_weekday(date) -%}
    {{ return(adapter.dispatch('iso_weekday', 'tieout')(date)) }}
{%- endmacro %}

{% macro default__iso_weekday(date) -%}
    cast(extract(isodow from cast({{ date }} as date)) as integer)
{%- endmacro %}

{#- In whole numbers: extract() gives a numeric, which is slow by the million. 2001-01-01 was a Monday. -#}
{% macro postgres__iso_weekday(date) -%}
    ((cast({{ date }} as date) - date '2001-01-01') % 7 + 7) % 7 + 1
{%- endmacro %}


{#-
    A date plus n business days (Monday to Friday), n >= 0, and never before the date. A weekend date counts as the
    Friday before it, so that one business day after a Sunday is the Monday.
-#}
{% macro add_business_days(date, days) -%}
    greatest(
        cast({{ date }} as date),
        {{ add_days(
            date,
            days
            ~ ' + 2 * ' ~ whole_weeks('least(' ~ iso_weekday(date) ~ ', 5) - 1 + ' ~ days)
            ~ ' - greatest(' ~ iso_weekday(date) ~ ' - 5, 0)'
        ) }}
    )
{%- endmacro %}


{#- How often five business days are in a count of them >= 0: a fifth, cut; exact in decimals on every engine. -#}
{% macro whole_weeks(business_days) -%}
    {{ return(adapter.dispatch('whole_weeks', 'tieout')(business_days)) }}
{%- endmacro %}

{% macro default__whole_weeks(business_days) -%}
    floor(({{ business_days }}) * 0.2)
{%- endmacro %}

{% macro postgres__whole_weeks(business_days) -%}
    (cast({{ business_days }} as integer) / 5)
{%- endmacro %}
