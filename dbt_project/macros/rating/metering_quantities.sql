{#-
    From events to the quantity of a period, in two steps that any number of parts may stand between.

    usage_states    events -> states: what events of one day, bucket and key leave behind. States merge: those of a day that was
                    delivered in parts, of late events, of days of a period give together what all events would have given.
    metered_quantities    states -> one quantity for each thing that is metered, as an exact ratio and rounded.

    `keys` are the columns that name what is metered; `tie_break` are the columns that order events of one instant, the last one last.
-#}

{#-
    One row a key, usage_on, bucket_no and part_key. Columns of `events`: the keys, aggregation, occurred_at, usage_on, bucket_no,
    quantity (null: no number), event_key (null: none), operation (add or remove; null: add) and those of `tie_break`.
-#}
{% macro usage_states(events, keys, tie_break) -%}
    {%- set state_keys = keys + ['usage_on', 'bucket_no', 'part_key'] -%}
    select
        {{ state_keys | join(', ') }},
        count(*) as event_count,
        count(quantity) as quantity_count,
        sum(quantity) as quantity_sum,
        min(quantity) as quantity_min,
        max(quantity) as quantity_max,
        sum(case
            when aggregation = 'weighted_sum' then {{ multiply('quantity', epoch_seconds('occurred_at')) }}
        end) as quantity_seconds,
        bool_or(is_added) as was_added,
        min(occurred_at) as first_event_at,
        max(occurred_at) as latest_at,
        {%- for column in tie_break %}
        max({{ column }}) filter (where recency = 1) as latest_{{ column }},
        {%- endfor %}
        max(quantity) filter (where recency = 1) as latest_quantity,
        bool_or(is_added) filter (where recency = 1) as is_present
    from (
        select
            measured.*,
            row_number() over (
                partition by {{ state_keys | join(', ') }}
                order by occurred_at desc{% for column in tie_break %}, {{ column }} desc{% endfor %}
            ) as recency
        from (
            select
                events.*,
                case when {{ counts_keys('events.aggregation') }} then events.event_key else '' end as part_key,
                coalesce(lower(events.operation), 'add') <> 'remove' as is_added
            from {{ events }} as events
            where {{ is_measured('events.aggregation', 'events.quantity', 'events.event_key') }}
        ) as measured
    ) as ranked
    group by {{ state_keys | join(', ') }}
{%- endmacro %}

{#-
    One row a row of `meterings`: its keys, event_count, numerator and denominator (the exact quantity; 0 / 1 without events) and quantity,
    rounded as the metering says.

    Columns of `meterings`: the keys, aggregation, initial_value, multiplier, floor_zero, starts_at and ends_at (instants),
    first_day and end_day (dates, half-open), denominator_seconds (null: those of the period), rounding_digits, rounding_mode (null: the
    quotient as the engine gives it). Columns of `states`: the keys, is_initial (of before the period: what a level starts with) and
    those that usage_states gives. A key of `part_key` or time of the last event may be null where the aggregation does not ask.
-#}
{% macro metered_quantities(meterings, states, keys, tie_break) -%}
    {%- set key_list = keys | join(', ') -%}
    {%- set recency -%}
        is_initial, latest_at desc nulls last
        {%- for column in tie_break %}, latest_{{ column }} desc nulls last{% endfor %}
    {%- endset -%}
    with
    described as (
        select
            meterings.*,
            {{ seconds_between('meterings.starts_at', 'meterings.ends_at') }} as period_seconds,
            {{ days_between('meterings.first_day', 'meterings.end_day') }} as period_days
        from {{ meterings }} as meterings
    ),
    buckets as (
        select
            {{ key_list }},
            bucket_no,
            sum(event_count) filter (where not is_initial) as event_count,
            sum(quantity_count) filter (where not is_initial) as quantity_count,
            sum(quantity_sum) filter (where not is_initial) as quantity_sum,
            sum(quantity_sum) filter (where is_initial) as initial_sum,
            min(quantity_min) filter (where not is_initial) as quantity_min,
            max(quantity_max) filter (where not is_initial) as quantity_max,
            sum(quantity_seconds) filter (where not is_initial) as quantity_seconds,
            sum(quantity_sum * {{ days_between("date '1970-01-01'", 'usage_on') }})
                filter (where not is_initial) as quantity_days
        from {{ states }}
        group by {{ key_list }}, bucket_no
    ),
    merged as (
        select
            {{ key_list }},
            sum(event_count) as event_count,
            sum(quantity_count) as quantity_count,
            sum(quantity_sum) as quantity_sum,
            sum(initial_sum) as initial_sum,
            min(quantity_min) as quantity_min,
            max(quantity_max) as quantity_max,
            sum(quantity_max) as bucket_max_sum,
            sum(quantity_seconds) as quantity_seconds,
            sum(quantity_days) as quantity_days
        from buckets
        group by {{ key_list }}
    ),
    -- The readings that an order decides: only aggregations that ask for it pay for the sort.
    ordered as (
        select
            states.*,
            described.aggregation,
            described.end_day,
            case when states.is_initial then {{ add_days('described.first_day', -1) }} else states.usage_on end
                as present_on
        from {{ states }} as states
        inner join described on {{ same_keys('states', 'described', keys) }}
        where described.aggregation in ('latest', 'unique', 'unique_add_remove', 'prorated_unique_days')
    ),
    ranked as (
        select
            ordered.*,
            row_number() over (partition by {{ key_list }}, part_key order by {{ recency }}) as recency,
            row_number() over (partition by {{ key_list }}, part_key, present_on order by {{ recency }}) as recency_in_day,
            bool_or(was_added) over (partition by {{ key_list }}, part_key, present_on) as added_in_day
        from ordered
    ),
    last_readings as (
        select
            {{ key_list }},
            max(latest_quantity) filter (where not is_initial) as latest_quantity,
            count(*) filter (where not is_initial) as key_count,
            count(*) filter (where is_present) as present_count
        from ranked
        where recency = 1
        group by {{ key_list }}
    ),
    -- Each day on which a key changed, with what stood before it: the days between changes follow from the two.
    key_days as (
        select
            {{ key_list }},
            part_key,
            present_on,
            end_day,
            is_initial,
            added_in_day,
            is_present,
            coalesce(lag(is_present) over days_of_key, false) as was_present,
            lag(present_on) over days_of_key as last_change_on,
            lead(present_on) over days_of_key is null as is_last
        from ranked
        where recency_in_day = 1 and aggregation = 'prorated_unique_days'
        window days_of_key as (partition by {{ key_list }}, part_key order by present_on)
    ),
    presences as (
        select
            {{ key_list }},
            sum(
                case when was_present then {{ days_between('last_change_on', 'present_on') }} - 1 else 0 end
                + case when not is_initial and (was_present or added_in_day) then 1 else 0 end
                + case when is_last and is_present then {{ days_between('present_on', 'end_day') }} - 1 else 0 end
            ) as present_days
        from key_days
        group by {{ key_list }}
    ),
    measured as (
        select
            described.*,
            coalesce(merged.event_count, 0) as event_count,
            merged.quantity_count,
            merged.quantity_sum,
            merged.quantity_min,
            merged.quantity_max,
            merged.bucket_max_sum,
            merged.quantity_seconds,
            merged.quantity_days,
            coalesce(described.initial_value, 0) + coalesce(merged.initial_sum, 0) as initial_quantity,
            last_readings.latest_quantity,
            last_readings.key_count,
            last_readings.present_count,
            presences.present_days
        from described
        left join merged on {{ same_keys('described', 'merged', keys) }}
        left join last_readings on {{ same_keys('described', 'last_readings', keys) }}
        left join presences on {{ same_keys('described', 'presences', keys) }}
    ),
    ratios as (
        select
            measured.*,
            {{ quantity_numerator() }} as exact_numerator,
            {{ quantity_denominator() }} as exact_denominator
        from measured
    )
    select
        {{ key_list }},
        event_count,
        case when exact_denominator <= 0 then 0 else exact_numerator end as numerator,
        case when exact_denominator <= 0 then 1 else exact_denominator end as denominator,
        {{ rounded_quantity('exact_numerator', 'exact_denominator') }} as quantity
    from ratios
{%- endmacro %}

{#- The quantity as its meter rounds it; what is no quotient is not divided, so that it keeps its digits. -#}
{% macro rounded_quantity(numerator, denominator) -%}
    (case
        when ({{ denominator }}) <= 0 then 0
        when ({{ denominator }}) = 1 then {{ round_as(numerator, 'rounding_digits', 'rounding_mode') }}
        else {{ round_ratio_as(numerator, denominator, 'rounding_digits', 'rounding_mode') }}
    end)
{%- endmacro %}

{#- Whether two relations agree on all key columns. -#}
{% macro same_keys(left, right, keys) -%}
    {%- for key in keys %}{{ left }}.{{ key }} = {{ right }}.{{ key }}{{ ' and ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{#-
    What each aggregation makes of the merged states, times the multiplier: the quantity is numerator / denominator. Of an aggregation
    that nobody knows it is null.
-#}
{% macro quantity_numerator() -%}
    {%- set measured -%}
        coalesce(case aggregation
            when 'count' then event_count
            when 'max' then quantity_max
            when 'min' then quantity_min
            when 'latest' then case when floor_zero then greatest(latest_quantity, 0) else latest_quantity end
            when 'unique' then key_count
            when 'unique_add_remove' then present_count
            when 'sum_of_bucket_max' then bucket_max_sum
            when 'weighted_sum'
                then
                    {{ times('initial_quantity', 'period_seconds') }}
                    + {{ times('coalesce(quantity_sum, 0)', epoch_seconds('ends_at')) }}
                    - coalesce(quantity_seconds, 0)
            when 'prorated_sum'
                then
                    initial_quantity * period_days
                    + coalesce(quantity_sum, 0) * {{ days_between("date '1970-01-01'", 'end_day') }}
                    - coalesce(quantity_days, 0)
            when 'prorated_unique_days' then present_days
            when 'sum' then quantity_sum
            when 'avg' then quantity_sum
            when 'sum_with_multiplier' then quantity_sum
        end, case when {{ is_known_aggregation('aggregation') }} then 0 end)
    {%- endset -%}
    ({{ times(measured, 'coalesce(multiplier, 1)') }})
{%- endmacro %}

{% macro is_known_aggregation(aggregation) -%}
    {{ aggregation }} in (
        'sum', 'count', 'max', 'min', 'avg', 'latest', 'unique', 'unique_add_remove', 'sum_with_multiplier', 'sum_of_bucket_max',
        'weighted_sum', 'prorated_sum', 'prorated_unique_days'
    )
{%- endmacro %}

{#- Aggregations that the sums and counts of days add up to, without anything else of the days. -#}
{% macro is_additive(aggregation) -%}
    ({{ aggregation }} in ('sum', 'count', 'avg', 'prorated_sum'))
{%- endmacro %}

{#- Aggregations that divide. -#}
{% macro is_quotient(aggregation) -%}
    ({{ aggregation }} in ('avg', 'weighted_sum', 'prorated_sum', 'prorated_unique_days'))
{%- endmacro %}

{% macro quantity_denominator() -%}
    (case aggregation
        when 'avg' then coalesce(quantity_count, 0)
        when 'weighted_sum' then coalesce(denominator_seconds, period_seconds)
        when 'prorated_sum' then period_days
        when 'prorated_unique_days' then period_days
        else 1
    end)
{%- endmacro %}
