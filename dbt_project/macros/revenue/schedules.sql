{#-
    Months in which the amounts of lines are earned: straight line over the time of service.

    lines: relation or name of a CTE, one row a line (line_id), with
        amount_minor numeric                    of any sign
        service_start_on, service_end_on date   days of service [start, end)
        service_start_at, service_end_at        instants of service [start, end); only what counts seconds reads them
        term_months integer                     months of an even split; null = months from the start's to the end's, the end's cut off
        granularity text                        how a month weighs:
            daily                       days of service in the month
            instant                     seconds of service in the month
            monthly_even                every month of the term weighs the same, from the month of the start
            monthly_even_ends_prorated  first and last month by seconds, half to even; the months between share the rest evenly;
                                        of two months the second takes what the first leaves
        leftover_units text                     largest_remainder, or last_month: every share is floored and the last month that
                                                shares takes what is left

    Gives line_id, month_on (first day of the month), amount_minor (numeric; may be 0) and the days over which it is earned,
    earned_from_on and earned_until_on (exclusive). The months of a line add up to it.
    A line without time of service has no months.
-#}
{% macro schedule_months(lines) -%}
    {%- set is_prorated = "granularity = 'monthly_even_ends_prorated' and first_on < last_on" -%}
    {%- set seconds = seconds_between('service_start_at', 'service_end_at') -%}
    {%- set first_seconds = seconds_between('service_start_at', start_of_utc_day(add_months_to_date('first_on', 1))) -%}
    {%- set last_seconds = seconds_between(start_of_utc_day('last_on'), 'service_end_at') -%}
    with spans_of_lines as (
        select
            lines.*,
            case granularity
                when 'daily' then service_start_on
                when 'monthly_even' then {{ month_start('service_start_on') }}
                else {{ utc_date('service_start_at') }}
            end as from_on,
            case granularity
                when 'daily' then service_end_on
                when 'monthly_even' then {{ add_months_to_date(
                    month_start('service_start_on'),
                    'coalesce(term_months, greatest(' ~ months_between('service_start_on', 'service_end_on') ~ ', 1))'
                ) }}
                -- the day of the last instant counts
                else {{ add_days(
                    utc_date('service_end_at'),
                    'case when ' ~ start_of_utc_day(utc_date('service_end_at')) ~ ' = service_end_at then 0 else 1 end'
                ) }}
            end as until_on
        from {{ lines }} as lines
    ),

    months_of_spans as (
        select
            spans_of_lines.*,
            {{ month_start('from_on') }} as first_on,
            {{ month_start(add_days('until_on', -1)) }} as last_on
        from spans_of_lines
    ),

    prorated_ends as (
        select
            months_of_spans.*,
            case when {{ is_prorated }} then {{ half_even('amount_minor * ' ~ first_seconds, seconds) }} end as first_minor,
            case
                when {{ is_prorated }} and {{ add_months_to_date('first_on', 1) }} < last_on
                    then {{ half_even('amount_minor * ' ~ last_seconds, seconds) }}
            end as last_minor
        from months_of_spans
    ),

    weighed_lines as {{ once() }} (
        select
            line_id,
            granularity,
            leftover_units,
            service_start_at,
            service_end_at,
            from_on,
            until_on,
            first_on,
            last_on,
            first_minor,
            last_minor,
            amount_minor - coalesce(first_minor, 0) - coalesce(last_minor, 0) as shared_minor,
            case granularity
                when 'daily' then {{ days_between('from_on', 'until_on') }}
                when 'instant' then {{ seconds }}
                else
                    {{ months_between('first_on', 'last_on') }} + 1
                    - case when first_minor is null then 0 else 1 end
                    - case when last_minor is null then 0 else 1 end
            end as line_weight
        from prorated_ends
    ),

    -- Line by line: the months of one line are sorted on their own, never those of all lines together.
    shares as (
        select
            weighed_lines.line_id,
            weighed_lines.leftover_units,
            weighed_lines.last_on,
            weighed_lines.last_minor,
            months.month_on,
            months.earned_from_on,
            months.earned_until_on,
            months.prorated_minor,
            months.total,
            months.whole_units,
            months.units_of_split,
            months.part
        from weighed_lines
        cross join lateral (
            {{ spread("(
                select
                    weighed_months.*,
                    case
                        when prorated_minor is not null then 0
                        when granularity = 'daily' then " ~ days_between('earned_from_on', 'earned_until_on') ~ "
                        when granularity = 'instant' then " ~ seconds_between(
                            'greatest(service_start_at, ' ~ start_of_utc_day('month_on') ~ ')',
                            'least(service_end_at, ' ~ start_of_utc_day(add_months_to_date('month_on', 1)) ~ ')'
                        ) ~ "
                        else 1
                    end as weight
                from (
                    select
                        weighed_lines.line_id as split_id,
                        weighed_lines.shared_minor as total,
                        weighed_lines.line_weight,
                        weighed_lines.granularity,
                        weighed_lines.service_start_at,
                        weighed_lines.service_end_at,
                        months.month_on as item_no,
                        months.month_on,
                        greatest(months.month_on, weighed_lines.from_on) as earned_from_on,
                        least(" ~ add_months_to_date('months.month_on', 1) ~ ", weighed_lines.until_on) as earned_until_on,
                        case
                            when months.month_on = weighed_lines.first_on then weighed_lines.first_minor
                            when months.month_on = weighed_lines.last_on then weighed_lines.last_minor
                        end as prorated_minor,
                        1 as unit
                    from " ~ month_series('weighed_lines.from_on', 'weighed_lines.until_on', 'months') ~ "
                ) as weighed_months
            )", weight_sum='items.line_weight') }}
        ) as months
    )

    select
        line_id,
        month_on,
        earned_from_on,
        earned_until_on,
        case
            when prorated_minor is not null then prorated_minor
            when leftover_units = 'largest_remainder' then part
            else case when total < 0 then -1 else 1 end * (
                whole_units + case
                    when month_on = case
                        when last_minor is null then last_on
                        else {{ add_months_to_date('last_on', -1) }}
                    end
                        then abs(total) - units_of_split
                    else 0
                end
            )
        end as amount_minor
    from shares
{%- endmacro %}


{#- How the months of a line weigh, and who gets left-over units, as the policies say; without one, or with a value that means
    nothing (a fault of the catalogue), by days and to the largest remainders. -#}

{% macro granularities() -%}
    ('daily', 'instant', 'monthly_even', 'monthly_even_ends_prorated')
{%- endmacro %}

{% macro granularity_of_policy(policy_value) -%}
    (case when {{ policy_value }} in {{ granularities() }} then {{ policy_value }} else 'daily' end)
{%- endmacro %}

{% macro leftover_units_of_policy(policy_value) -%}
    (case when {{ policy_value }} = 'last_month' then 'last_month' else 'largest_remainder' end)
{%- endmacro %}
