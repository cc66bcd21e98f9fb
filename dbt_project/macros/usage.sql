{#- Rules that more than one usage model needs. -#}

{#- Usage events of the days given (all when none is given and the model is built anew), as a select; of some event types alone when a list names them. -#}
{% macro usage_events_of(days, event_types=none) -%}
    {%- set conditions = [] -%}
    {%- if is_incremental() -%}
        {%- do conditions.append('occurred_on in (' ~ literal_dates(days) ~ ')') -%}
    {%- endif -%}
    {%- if event_types is not none -%}
        {%- do conditions.append('event_type in (' ~ literal_texts(event_types) ~ ')') -%}
    {%- endif -%}
    select * from {{ ref('stg_usage__events') }}
    {%- if conditions %}
    where {{ conditions | join(' and ') }}
    {%- endif %}
{%- endmacro %}


{#-
    Pre-hook of int_usage__event_repeats: the temporary relation repeated_identities(occurred_on, identity_hash), the few identities that came
    more than once in a day. Counted day by day, so that memory is that of one day whatever the history; the days replaced are in
    touched_usage_days.
-#}
{% macro find_repeated_identities() -%}
    {%- set days = touched_usage_days() if is_incremental() else partition_days(source('usage', 'events')) -%}
    {%- set touched_days = make_touched_usage_days() -%}
    {%- if execute -%}
        {{ touched_days ~ ';' if touched_days | trim }}
        {{ repeated_identities(days) }}
    {%- endif -%}
{%- endmacro %}


{#- The copies of repeated events that do not count, of the days given, as a select. -#}
{% macro uncounted_copies_of(days) -%}
    select * from {{ ref('int_usage__event_repeats') }}
    where
        copy_no > 1
        {%- if is_incremental() %}
        and occurred_on in ({{ literal_dates(days) }})
        {%- endif %}
{%- endmacro %}


{#- When the warehouse could know of an event: the producer's own record, else the end of the day of delivery. -#}
{% macro recorded_instant(recorded_at, delivered_on) -%}
    coalesce({{ recorded_at }}, {{ end_of_utc_day(delivered_on) }})
{%- endmacro %}


{#-
    The condition that joins an event to its local day, a row of int_usage__zone_days named zone_days. `events` names the relation with
    occurred_on and occurred_at. Every event has one such row: a day without it is a build that left int_usage__zone_days out.
-#}
{% macro in_zone_day(events, zone) -%}
    {{ zone }} = zone_days.timezone
        and {{ events }}.occurred_on = zone_days.occurred_on
        and {{ events }}.occurred_at >= zone_days.from_at
        and {{ events }}.occurred_at < zone_days.to_at
{%- endmacro %}


{#- An event that was recorded a whole day or more after the end of its local day. A billing period's usage can only miss such events. -#}
{% macro is_late(recorded_at, usage_on, zone) -%}
    {{ local_date(recorded_at, zone) }} >= {{ add_days(usage_on, 2) }}
{%- endmacro %}


{#-
    Pre-hook of int_usage__daily and int_usage__daily_parts: the temporary relation touched_usage_keys(account_id, event_type, meter_code,
    usage_on), the keys to replace: those of the events that the touched loads brought (of some event types alone when a list names them),
    those of every other copy of these events, and those whose account changed its zone or whose event type changed its meter (with the
    neighbouring days, where the events may now belong).
-#}
{% macro make_touched_usage_keys(event_types=none) -%}
    {%- set of_types = '' if event_types is none else ' and event_type in (' ~ literal_texts(event_types) ~ ')' -%}
    {%- set load_seqs = literal_integers(touched_usage_load_seqs()) -%}
    {%- set days = literal_dates(touched_usage_days()) -%}
    {%- set query -%}
            with
            events as (
                select account_id, event_type, occurred_on, occurred_at
                from {{ ref('stg_usage__events') }}
                where load_seq in ({{ load_seqs }}) and occurred_on in ({{ days }}){{ of_types }}
                union all
                select account_id, event_type, occurred_on, occurred_at
                from {{ ref('int_usage__event_repeats') }}
                where occurred_on in ({{ days }}){{ of_types }}
            ),
            zoned as (
                select
                    events.account_id,
                    events.event_type,
                    coalesce(meters.meter_code, events.event_type) as meter_code,
                    zone_days.usage_on
                from events
                left join {{ ref('int_usage__account_zones') }} as zones on events.account_id = zones.account_id
                left join {{ ref('int_usage__zone_days') }} as zone_days
                    on {{ in_zone_day('events', "coalesce(zones.timezone, 'UTC')") }}
                left join {{ ref('int_usage__meters') }} as meters on events.event_type = meters.event_type
            ),
            remapped as ({{ remapped_usage() }})
            select account_id, event_type, meter_code, usage_on from zoned
            {%- for step in (-1, 0, 1) %}
            union
            select account_id, event_type, meter_code, {{ add_days('usage_on', step) }} from remapped
            {%- endfor %}
    {%- endset -%}
    {%- if execute and is_incremental() -%}
        {{ touched_relation('touched_usage_keys', query) }}
    {%- endif -%}
{%- endmacro %}


{#-
    Rows of int_usage__daily that the touched loads of accounts and of the catalogue put elsewhere or measure in another way, as a select
    (account_id, event_type, meter_code, usage_on): the account's zone is another now, or the definition of the event type's meter. Read
    through the index on the account, so that a day without such a change costs the same on any history; only a delivery of the
    catalogue compares every row.
-#}
{% macro remapped_usage() -%}
    {%- set built = usage_daily_as_built() -%}
    select daily.account_id, daily.event_type, daily.meter_code, daily.usage_on
    from {{ ref('int_usage__account_zones') }} as zones
    inner join {{ built }} as daily on zones.account_id = daily.account_id
    where
        zones.load_id in (select loads.load_id from {{ touched_loads('control_plane', 'accounts') }} as loads)
        and daily.timezone <> zones.timezone
    union
    select daily.account_id, daily.event_type, daily.meter_code, daily.usage_on
    from {{ built }} as daily
    left join {{ ref('int_usage__meters') }} as meters on daily.event_type = meters.event_type
    where
        exists (select 1 from {{ touched_loads('catalog') }} as loads)
        and (
            daily.meter_code <> coalesce(meters.meter_code, daily.event_type)
            or daily.meter_definition is distinct from meters.meter_definition
        )
{%- endmacro %}


{#-
    int_usage__daily as the last build left it. The parts of its days are built before it and replace the same keys, so both ask
    the one table that knows how every day was measured.
-#}
{% macro usage_daily_as_built() -%}
    {%- set built = adapter.get_relation(this.database, this.schema, 'int_usage__daily') if execute else none -%}
    {{ return(built or this) }}
{%- endmacro %}


{#- The usage days of these rows, a list of dates; asked for only after a load that can put usage elsewhere. -#}
{% macro remapped_usage_days() -%}
    {%- set remapped_rows = remapped_usage() -%}
    {%- set loads -%}
        select 1 from {{ touched_loads('control_plane', 'accounts') }} as accounts
        union
        select 1 from {{ touched_loads('catalog') }} as catalogs
    {%- endset -%}
    {{ return(values_of_touched("select distinct remapped.usage_on from (" ~ remapped_rows ~ ") as remapped", after=loads)) }}
{%- endmacro %}


{#- The UTC days that hold the events of the touched keys, a list of dates: known before the query is planned, so that only their partitions are read. -#}
{% macro touched_usage_partitions() -%}
    {%- set remapped_days = remapped_usage_days() -%}
    {{ return(
        (with_neighbours(touched_usage_days(), reach_of_touch()) + with_neighbours(remapped_days, reach=2))
        | unique | sort
    ) }}
{%- endmacro %}


{#- What orders events of one instant, columns joined by commas: the last delivered is the last. -#}
{% macro usage_tie_break() -%}
    delivered_on,load_id,line_no
{%- endmacro %}


{#- The event types whose meters need more of a day than its sum and count, a list; without one nothing is read for them. -#}
{% macro detailed_event_types() -%}
    {%- set meters = ref('int_usage__meters') -%}
    {%- if execute -%}
        {{ return(run_query("select event_type from " ~ meters ~ " where is_detailed order by 1").columns[0].values() | list) }}
    {%- else -%}
        {{ return([]) }}
    {%- endif -%}
{%- endmacro %}


{#-
    The quantity of days whose sum and count say everything, as a select: the keys, event_count and quantity. Columns of `days`: the
    keys, usage_on, is_detailed, aggregation, event_count, quantity_sum, multiplier, rounding_digits and rounding_mode.
-#}
{% macro plain_quantities(days, keys) -%}
    select
        {{ keys | join(', ') }},
        event_count,
        {{ rounded_quantity(quantity_numerator(), quantity_denominator()) }} as quantity
    from (
        select
            days.*,
            days.event_count as quantity_count,
            days.quantity_sum * {{ days_between("date '1970-01-01'", 'days.usage_on') }} as quantity_days,
            {{ add_days('days.usage_on', 1) }} as end_day,
            1 as period_days,
            0 as initial_quantity,
            false as floor_zero,
            cast(null as {{ instant_type() }}) as ends_at
            {%- for column in (
                'quantity_min', 'quantity_max', 'quantity_seconds', 'latest_quantity', 'key_count', 'present_count', 'present_days',
                'bucket_max_sum', 'period_seconds', 'denominator_seconds',
            ) %},
            cast(null as {{ exact_number() }}) as {{ column }}
            {%- endfor %}
        from {{ days }} as days
        where not days.is_detailed
    ) as measured
{%- endmacro %}


{#- Whether an event lies in the time of day in which its meter counts. `events` has the event's columns, its timezone and the meter's columns. -#}
{% macro in_hours_of_meter(events) -%}
    (
        {{ events }}.window_start is null
        or {{ inside_time_of_day(
            events ~ '.occurred_at', events ~ '.window_start', events ~ '.window_end', events ~ '.timezone'
        ) }}
    )
{%- endmacro %}


{#- Whether an event passes the filters of its meter. -#}
{% macro passes_filters_of_meter(events) -%}
    (
        {{ events }}.filter_values is null
        or {{ passes_filters(events ~ '.dimensions', ref('int_usage__meter_filters'), 'meter_code', events ~ '.meter_code') }}
    )
{%- endmacro %}


{#-
    What a meter reads of an event, as columns of a select: event_key, operation, group_key, transaction_key, bucket_no and known_at.
    A late event is known when it was recorded (known_from), any other one with its day, so that a cut-off can leave late ones out.
-#}
{% macro readings_of_meter(events) -%}
    case
        when {{ events }}.key_field is null
            then coalesce({{ json_as_text(events ~ '.dimensions') }}, {{ text_of(events ~ '.quantity') }})
        else {{ json_field(events ~ '.dimensions', events ~ '.key_field') }}
    end as event_key,
    {{ json_field(events ~ '.dimensions', events ~ '.operation_field') }} as operation,
    case
        when {{ events }}.group_fields is null then ''
        else {{ group_key_of(events ~ '.dimensions', ref('int_usage__meter_groups'), 'meter_code', events ~ '.meter_code') }}
    end as group_key,
    case
        when {{ events }}.is_per_transaction
            then cast({{ events }}.load_id as {{ text_type() }}) || '|' || cast({{ events }}.line_no as {{ text_type() }})
        else ''
    end as transaction_key,
    {{ usage_bucket_no(events ~ '.occurred_at', events ~ '.bucket_minutes') }} as bucket_no,
    case
        when {{ is_late(events ~ '.known_from', events ~ '.usage_on', events ~ '.timezone') }} then {{ events }}.known_from
        else {{ start_of_utc_day(events ~ '.usage_on') }}
    end as known_at
{%- endmacro %}
