{#- Rules that more than one usage model needs. -#}

{#- Usage events of the days given (all when none is given and the model is built anew), as a select. -#}
{% macro usage_events_of(days) -%}
    select * from {{ ref('stg_usage__events') }}
    {%- if is_incremental() %}
    where occurred_on in ({{ literal_dates(days) }})
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
        {{ touched_days ~ ';' if is_incremental() }}
        create temporary table repeated_identities (occurred_on date, identity_hash bigint) on commit drop;
        {%- for day in days %}
        insert into repeated_identities
        select date '{{ day }}', {{ identity_hash('source', 'event_id') }}
        from {{ ref('stg_usage__events') }}
        where occurred_on = date '{{ day }}'
        group by {{ identity_hash('source', 'event_id') }}
        having count(*) > 1;
        {%- endfor %}
        analyze repeated_identities
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


{#- An event that was recorded a whole day or more after the end of its local day. A billing period's usage can only miss such events. -#}
{% macro is_late(recorded_at, usage_on, zone) -%}
    {{ local_date(recorded_at, zone) }} >= {{ add_days(usage_on, 2) }}
{%- endmacro %}


{#-
    Pre-hook of int_usage__daily: the temporary relation touched_usage_keys(account_id, event_type, meter_code, usage_on), the keys to replace:
    those of the events that the touched loads brought, those of every other copy of these events, and those whose account changed its
    zone or whose event type changed its meter (with the neighbouring days, where the events may now belong).
-#}
{% macro make_touched_usage_keys() -%}
    {%- set load_seqs = literal_integers(touched_usage_load_seqs()) -%}
    {%- set days = literal_dates(touched_usage_days()) -%}
    {%- set query -%}
            with
            events as (
                select account_id, event_type, occurred_at
                from {{ ref('stg_usage__events') }}
                where load_seq in ({{ load_seqs }}) and occurred_on in ({{ days }})
                union all
                select account_id, event_type, occurred_at
                from {{ ref('int_usage__event_repeats') }}
                where occurred_on in ({{ days }})
            ),
            zoned as (
                select
                    events.account_id,
                    events.event_type,
                    coalesce(meters.meter_code, events.event_type) as meter_code,
                    {{ local_date('events.occurred_at', "coalesce(zones.timezone, 'UTC')") }} as usage_on
                from events
                left join {{ ref('int_usage__account_zones') }} as zones on events.account_id = zones.account_id
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
    Rows of int_usage__daily that the touched loads of accounts and meters put elsewhere, as a select (account_id, event_type, meter_code,
    usage_on): the account's zone is another now, or the event type's meter or aggregation. Read through the index on the account, so that
    a day without such a change costs the same on any history; only a delivery of meters compares every row.
-#}
{% macro remapped_usage() -%}
    select daily.account_id, daily.event_type, daily.meter_code, daily.usage_on
    from {{ ref('int_usage__account_zones') }} as zones
    inner join {{ this }} as daily on zones.account_id = daily.account_id
    where
        zones.load_id in (select loads.load_id from {{ touched_loads('control_plane', 'accounts') }} as loads)
        and daily.timezone <> zones.timezone
    union
    select daily.account_id, daily.event_type, daily.meter_code, daily.usage_on
    from {{ this }} as daily
    left join {{ ref('int_usage__meters') }} as meters on daily.event_type = meters.event_type
    where
        exists (select 1 from {{ touched_loads('catalog', 'meters') }} as loads)
        and (
            daily.meter_code <> coalesce(meters.meter_code, daily.event_type)
            or daily.aggregation <> coalesce(meters.aggregation, 'sum')
        )
{%- endmacro %}


{#- The UTC days that hold the events of the touched keys, a list of dates: known before the query is planned, so that only their partitions are read. -#}
{% macro touched_usage_partitions() -%}
    {%- set remapped_rows = remapped_usage() -%}
    {%- set days = touched_usage_days() -%}
    {%- if execute and is_incremental() -%}
        {%- set remapped = run_query("select distinct remapped.usage_on from (" ~ remapped_rows ~ ") as remapped") -%}
        {{ return(
            (with_neighbours(days) + with_neighbours(remapped.columns[0].values() | list, reach=2)) | unique | sort
        ) }}
    {%- else -%}
        {{ return([]) }}
    {%- endif -%}
{%- endmacro %}


{#-
    Distinct values and latest quantity per account, event type and local day, of the meters that aggregate so, as a select. A value is the
    meter's dimensions where it declares any, else the quantity. The latest event is the last to happen; of several, the last delivered.
-#}
{% macro usage_daily_ordered(days) -%}
    {%- set event_types = ordered_event_types() -%}
    select
        account_id,
        event_type,
        usage_on,
        count(distinct value_text) as distinct_count,
        max(quantity) filter (where recency = 1) as latest_quantity
    from (
        select
            events.account_id,
            events.event_type,
            events.usage_on,
            events.quantity,
            coalesce({{ json_as_text('events.dimensions') }}, cast(events.quantity as text)) as value_text,
            row_number() over (
                partition by events.account_id, events.event_type, events.usage_on
                order by events.occurred_at desc, events.delivered_on desc, events.load_id desc, events.line_no desc
            ) as recency
        from {{ ref('int_usage__events') }} as events
        where
            {{ 'events.event_type in (' ~ literal_texts(event_types) ~ ')' if event_types else 'false' }}
            {%- if is_incremental() %}
            and events.occurred_on in ({{ literal_dates(days) }})
            {%- endif %}
    ) as ranked
    group by account_id, event_type, usage_on
{%- endmacro %}


{#- The event types whose meters aggregate by distinct values or by the latest one, a list; mostly empty, and then nothing is read for them. -#}
{% macro ordered_event_types() -%}
    {%- set meters = ref('int_usage__meters') -%}
    {%- if execute -%}
        {%- set query = "select event_type from " ~ meters ~ " where aggregation in ('unique', 'latest') order by 1" -%}
        {{ return(run_query(query).columns[0].values() | list) }}
    {%- else -%}
        {{ return([]) }}
    {%- endif -%}
{%- endmacro %}
