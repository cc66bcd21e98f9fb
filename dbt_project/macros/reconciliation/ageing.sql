{#- Business days (Monday to Friday) after one date up to and with another; the weekend counts as the Friday before it. -#}
{% macro business_days_between(start_date, end_date) -%}
    ({{ business_day_number(end_date) }} - {{ business_day_number(start_date) }})
{%- endmacro %}


{#- Monday to Friday, numbered; 2001-01-01 was a Monday. Days less the weekday are whole weeks, so the division is exact. -#}
{% macro business_day_number(date) -%}
    (
        cast(({{ days_between("cast('2001-01-01' as date)", date) }} - {{ iso_weekday(date) }} + 1) / 7 as integer) * 5
        + least({{ iso_weekday(date) }}, 5)
    )
{%- endmacro %}


{#- The age of a break, in business days, as people sort it. -#}
{% macro ageing_bucket(age) -%}
    case
        when {{ age }} <= 1 then '0-1'
        when {{ age }} <= 5 then '2-5'
        when {{ age }} <= 10 then '6-10'
        when {{ age }} <= 30 then '11-30'
        when {{ age }} <= 60 then '31-60'
        else '60+'
    end
{%- endmacro %}
