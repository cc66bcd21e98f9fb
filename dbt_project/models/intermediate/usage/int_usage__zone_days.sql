{{ config(materialized='table', indexes=[{'columns': ['timezone', 'from_at'], 'unique': true}]) }}

with

days as (
    select distinct occurred_on
    from {{ ref('int_usage__load_days') }}
),

span as (
    select
        {{ start_of_utc_day('min(occurred_on)') }} as first_at,
        {{ end_of_utc_day('max(occurred_on)') }} as end_at
    from days
),

zones as (
    select timezone from {{ ref('int_usage__account_zones') }}
    union
    select 'UTC' as timezone
),

offsets as (
    select offsets.*
    from {{ ref('stg_ops__zone_offsets') }} as offsets
    inner join zones on offsets.timezone = zones.timezone
    inner join span on offsets.from_at < span.end_at and offsets.to_at > span.first_at
),

stretches as (
    select
        offsets.timezone,
        offsets.utc_offset_seconds,
        days.occurred_on,
        greatest(offsets.from_at, {{ start_of_utc_day('days.occurred_on') }}) as from_at,
        least(offsets.to_at, {{ end_of_utc_day('days.occurred_on') }}) as to_at
    from offsets
    inner join days
        on
            offsets.from_at < {{ end_of_utc_day('days.occurred_on') }}
            and offsets.to_at > {{ start_of_utc_day('days.occurred_on') }}
),

-- No zone is a day away from UTC: a UTC day touches its own date, the one before and the one after.
dated as (
    select
        stretches.*,
        {{ add_days('stretches.occurred_on', 'steps.n') }} as usage_on
    from stretches
    cross join {{ integer_series(-1, 1, 'steps') }}
),

cut as (
    select
        timezone,
        occurred_on,
        usage_on,
        greatest(from_at, {{ add_seconds(start_of_utc_day('usage_on'), '-utc_offset_seconds') }}) as from_at,
        least(to_at, {{ add_seconds(end_of_utc_day('usage_on'), '-utc_offset_seconds') }}) as to_at
    from dated
),

final as (
    select *
    from cut
    where from_at < to_at
)

select * from final
