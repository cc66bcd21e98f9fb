{#- When an event counts: expressions over one event, used by the usage models and by the worked cases alike. -#}

{% macro in_period(point, period_start, period_end) -%}
    {#- Whether an instant or a date lies in [start, end); a bound of null does not bind. -#}
    (
        (({{ period_start }}) is null or ({{ point }}) >= ({{ period_start }}))
        and (({{ period_end }}) is null or ({{ point }}) < ({{ period_end }}))
    )
{%- endmacro %}

{% macro in_closing_period(point, period_start, period_end, end_counts) -%}
    {#- The same where a flag lets the end itself count: the last period of a service that was cancelled on its end. -#}
    ({{ in_period(point, period_start, period_end) }} or (({{ end_counts }}) and ({{ point }}) = ({{ period_end }})))
{%- endmacro %}

{% macro is_known_by(known_at, cut_off_at) -%}
    {#- Whether the warehouse knew of an event when a period was invoiced. The instant of the cut-off is too late. -#}
    (({{ known_at }}) < ({{ cut_off_at }}))
{%- endmacro %}

{% macro is_accepted_event(occurred_at, received_at, max_past_seconds, max_future_seconds) -%}
    {#- Whether an event is neither too old nor too far ahead of the clock that received it, both limits included. A
        limit of null does not bind. -#}
    (
        (({{ max_past_seconds }}) is null or {{ seconds_between(occurred_at, received_at) }} <= ({{ max_past_seconds }}))
        and (
            ({{ max_future_seconds }}) is null
            or {{ seconds_between(received_at, occurred_at) }} <= ({{ max_future_seconds }})
        )
    )
{%- endmacro %}

{% macro inside_time_of_day(instant, window_start, window_end, zone) -%}
    {#- Whether the local time of an instant lies in [start, end), texts 'hh:mm' up to '24:00'. A window that starts after
        its end goes over midnight; one that starts at its end is empty. -#}
    {%- set clock = local_clock(instant, zone) -%}
    (case
        when ({{ window_start }}) <= ({{ window_end }})
            then {{ clock }} >= ({{ window_start }}) and {{ clock }} < ({{ window_end }})
        else {{ clock }} >= ({{ window_start }}) or {{ clock }} < ({{ window_end }})
    end)
{%- endmacro %}

{% macro passes_filters(document, filters, owner_column, owner) -%}
    {#- Whether a JSON object has, for every filtered field of its owner, one of the allowed values. `filters` is a relation
        with the columns owner_column, filter_field and allowed_value; without a row for the owner everything passes. -#}
    (coalesce(
        (
            select
                count(distinct asked.asked_field)
                - count(distinct case when asked.asked_value = asked.allowed_value then asked.asked_field end)
            from (
                select
                    filters.filter_field as asked_field,
                    filters.allowed_value,
                    {{ json_field(document, 'filters.filter_field') }} as asked_value
                from {{ filters }} as filters
                where filters.{{ owner_column }} = {{ owner }}
            ) as asked
        ),
        0
    ) = 0)
{%- endmacro %}

{% macro group_key_of(document, groups, owner_column, owner) -%}
    {#- The values of the grouping fields of an owner in their order, joined by a bar; a missing value is empty, and so is
        the key of an owner that does not group. `groups` has the columns owner_column, group_no and group_field. -#}
    coalesce(
        (
            select {{ joined_in_order('grouping_values.group_value', '|', 'grouping_values.group_no') }}
            from (
                select
                    groups.group_no,
                    coalesce({{ json_field(document, 'groups.group_field') }}, '') as group_value
                from {{ groups }} as groups
                where groups.{{ owner_column }} = {{ owner }}
            ) as grouping_values
        ),
        ''
    )
{%- endmacro %}

{% macro copy_number(identity, order_by) -%}
    {#- Number of a copy among the events of one identity (a list of columns), from 1 in the given order: the first one
        counts. -#}
    row_number() over (partition by {{ identity | join(', ') }} order by {{ order_by | join(', ') }})
{%- endmacro %}

{% macro usage_bucket_no(occurred_at, bucket_minutes) -%}
    {#- Number of the bucket of so many minutes since 1970-01-01T00:00:00Z; 0 where nothing is bucketed. -#}
    {%- set seconds = epoch_seconds(occurred_at) -%}
    {%- set width = '(60 * (' ~ bucket_minutes ~ '))' -%}
    cast(
        case
            when ({{ bucket_minutes }}) is null then 0
            else {{ floor_ratio(seconds, width) }} - case when mod({{ seconds }}, {{ width }}) < 0 then 1 else 0 end
        end as bigint
    )
{%- endmacro %}

{% macro counts_keys(aggregation) -%}
    {#- Aggregations over the keys of events and not over their quantities. -#}
    ({{ aggregation }} in ('unique', 'unique_add_remove', 'prorated_unique_days'))
{%- endmacro %}

{% macro is_measured(aggregation, quantity, event_key) -%}
    {#- Whether an event has what the aggregation asks for: a key, or a number. Counting asks for nothing. -#}
    (case
        when {{ counts_keys(aggregation) }} then ({{ event_key }}) is not null
        when {{ aggregation }} = 'count' then true
        else ({{ quantity }}) is not null
    end)
{%- endmacro %}

{% macro local_label(local_day, unit) -%}
    {#- The name of the local day or month that a date lies in: 2026-03-29, 2026-03. -#}
    (case {{ unit }} when 'month' then {{ month_text(local_day) }} when 'day' then {{ date_text(local_day) }} end)
{%- endmacro %}
