{#- Billing periods: half-open, and counted from their anchor, never from the boundary before. An interval is a number of
    months or a number of days, the other one being 0. Dates are calendar dates; instants are on the UTC calendar. -#}

{% macro months_of(interval_name, interval_count) -%}
    {#- Length of a billing interval in months; 0 for an interval of days, null for one we do not know. -#}
    (
        ({{ interval_count }})
        * case {{ interval_name }}
            when 'month' then 1 when 'quarter' then 3 when 'semiannual' then 6 when 'half_year' then 6 when 'year' then 12
            when 'week' then 0 when 'day' then 0
        end
    )
{%- endmacro %}

{% macro days_of(interval_name, interval_count) -%}
    {#- Length of a billing interval in days; 0 for an interval of months. -#}
    (({{ interval_count }}) * case {{ interval_name }} when 'week' then 7 when 'day' then 1 else 0 end)
{%- endmacro %}

{% macro floor_division(dividend, divisor) -%}
    {#- Whole part of a quotient of integers, rounded down for negative ones too; the divisor is positive. -#}
    {{ integer_quotient(
        '(' ~ dividend ~ ') - mod(mod((' ~ dividend ~ '), (' ~ divisor ~ ')) + (' ~ divisor ~ '), (' ~ divisor ~ '))', divisor
    ) }}
{%- endmacro %}

{% macro day_of_month(date) -%}
    ({{ days_between(month_start(date), date) }} + 1)
{%- endmacro %}

{% macro days_in_month(date) -%}
    {{ days_between(month_start(date), add_months_to_date(month_start(date), 1)) }}
{%- endmacro %}

{% macro anchored_date(date, anchor_day, months, days, steps) -%}
    {#- The date `steps` intervals from the month of `date` on the anchor's day of the month, which is clipped to the
        length of the month it falls into; an interval of days counts days from `date`. -#}
    {%- set month = add_months_to_date(month_start(date), '(' ~ months ~ ') * (' ~ steps ~ ')') -%}
    (case
        when ({{ months }}) > 0
            then least(
                {{ add_days(month, '(' ~ anchor_day ~ ') - 1') }},
                {{ add_days(add_months_to_date(month, 1), -1) }}
            )
        else {{ add_days(date, '(' ~ days ~ ') * (' ~ steps ~ ')') }}
    end)
{%- endmacro %}

{% macro first_anchor_date(start, anchor_day, months, days) -%}
    {#- The first date on the anchor's day: in the month of the start, or one interval later when that is before it. -#}
    {%- set in_first_month = anchored_date(start, anchor_day, 1, 0, 0) -%}
    (case
        when {{ in_first_month }} >= {{ start }} then {{ in_first_month }}
        else {{ anchored_date(in_first_month, anchor_day, months, days, 1) }}
    end)
{%- endmacro %}

{% macro interval_index(anchor, anchor_day, months, days, date) -%}
    {#- Number of the period, counted from 0 at the anchor, that holds `date`: boundary n <= date < boundary n + 1. -#}
    {%- set by_month = floor_division(months_between(anchor, date), 'nullif(' ~ months ~ ', 0)') -%}
    (case
        when ({{ months }}) > 0
            then
                {{ by_month }}
                - case when {{ anchored_date(anchor, anchor_day, months, days, by_month) }} > {{ date }} then 1 else 0 end
        else {{ floor_division(days_between(anchor, date), 'nullif(' ~ days ~ ', 0)') }}
    end)
{%- endmacro %}

{% macro boundary_at(anchor_at, months, days, steps) -%}
    {#- The instant of a boundary: the anchor's time of day stays, its day of the month is clipped. -#}
    (case
        when ({{ months }}) > 0 then {{ add_months(anchor_at, '(' ~ months ~ ') * (' ~ steps ~ ')') }}
        else {{ add_seconds(anchor_at, '86400 * (' ~ days ~ ') * (' ~ steps ~ ')') }}
    end)
{%- endmacro %}

{% macro interval_index_at(anchor_at, months, days, instant) -%}
    {#- The same number for an instant. -#}
    {%- set by_month = floor_division(months_between(utc_date(anchor_at), utc_date(instant)), 'nullif(' ~ months ~ ', 0)')
    -%}
    {%- set by_day = floor_division(days_between(utc_date(anchor_at), utc_date(instant)), 'nullif(' ~ days ~ ', 0)') -%}
    (case
        when ({{ months }}) > 0
            then {{ by_month }} - case when {{ boundary_at(anchor_at, months, days, by_month) }} > {{ instant }} then 1 else 0 end
        else {{ by_day }} - case when {{ boundary_at(anchor_at, months, days, by_day) }} > {{ instant }} then 1 else 0 end
    end)
{%- endmacro %}

{% macro calendar_start(date, unit) -%}
    {#- The first day of the calendar's day, week (from Monday), month, quarter, half year or year that holds a date. -#}
    {%- set month = month_start(date) -%}
    {%- set month_no = 'cast(extract(month from ' ~ date ~ ') as integer)' -%}
    {%- set monday = "date '1970-01-05'" -%}
    (case {{ unit }}
        when 'day' then {{ date }}
        when 'week' then {{ add_days(monday, '7 * ' ~ floor_division(days_between(monday, date), 7)) }}
        when 'month' then {{ month }}
        when 'quarter' then {{ add_months_to_date(month, '-mod(' ~ month_no ~ ' - 1, 3)') }}
        when 'half_year' then {{ add_months_to_date(month, '-mod(' ~ month_no ~ ' - 1, 6)') }}
        when 'semiannual' then {{ add_months_to_date(month, '-mod(' ~ month_no ~ ' - 1, 6)') }}
        when 'year' then {{ add_months_to_date(month, '1 - ' ~ month_no) }}
    end)
{%- endmacro %}

{% macro calendar_end(start, unit) -%}
    {#- The first day after the calendar's unit that starts on `start`. -#}
    (case
        when {{ months_of(unit, 1) }} > 0 then {{ add_months_to_date(start, months_of(unit, 1)) }}
        else {{ add_days(start, days_of(unit, 1)) }}
    end)
{%- endmacro %}

{% macro fixed_month_days(start, end, fixed_days) -%}
    {#- Days of [start, end) when every month counts as `fixed_days` long (null: as long as it is): across the end of a
        month, what the first month has more than that is taken off. Convention of Kill Bill. -#}
    (
        {{ days_between(start, end) }}
        - case
            when ({{ fixed_days }}) is not null and {{ month_start(start) }} <> {{ month_start(end) }}
                then {{ days_in_month(start) }} - ({{ fixed_days }})
            else 0
        end
    )
{%- endmacro %}

{% macro in_advance_cycles(subscriptions) -%}
    {#-
        What is billed in advance up to a target date, a row a subscription: a stub up to the first anchor date, whole
        periods, and a rest where the subscription ends inside a period. `subscriptions` has case_id, start_on, end_on (null: none),
        target_on, anchor_day, months, days. The periods reach to the first boundary after the target. A stub's whole is
        the interval before the first anchor date, a rest's whole is the interval it lies in; lengths are in days.
    -#}
    (
        with

        anchored as {{ once() }} (
            select
                subscriptions.*,
                {{ first_anchor_date('start_on', 'anchor_day', 'months', 'days') }} as first_on
            from {{ subscriptions }} as subscriptions
        ),

        targeted as {{ once() }} (
            select
                anchored.*,
                {{ interval_index('first_on', 'anchor_day', 'months', 'days', 'target_on') }} as target_no
            from anchored
        ),

        reached as {{ once() }} (
            select
                targeted.*,
                least(
                    {{ anchored_date('first_on', 'anchor_day', 'months', 'days', 'greatest(target_no + 1, 0)') }}, end_on
                ) as billed_until
            from targeted
        ),

        counted as {{ once() }} (
            select
                reached.*,
                {{ interval_index('first_on', 'anchor_day', 'months', 'days', 'billed_until') }} as whole_periods
            from reached
        ),

        bounded as {{ once() }} (
            select
                counted.*,
                {{ anchored_date('first_on', 'anchor_day', 'months', 'days', 'whole_periods') }} as rest_start,
                {{ anchored_date('first_on', 'anchor_day', 'months', 'days', 'whole_periods + 1') }} as rest_end
            from counted
        )

        select
            case_id,
            greatest({{ days_between('start_on', 'least(first_on, billed_until)') }}, 0) as stub_days,
            {{ days_between(
                'case when months > 0 then ' ~ add_months_to_date('first_on', '-months')
                ~ ' else ' ~ add_days('first_on', '-days') ~ ' end',
                'first_on'
            ) }} as stub_whole_days,
            greatest(whole_periods, 0) as whole_periods,
            case when whole_periods < 0 then 0 else {{ days_between('rest_start', 'billed_until') }} end as rest_days,
            {{ days_between('rest_start', 'rest_end') }} as rest_whole_days
        from bounded
    )
{%- endmacro %}
