with

transitions as (
    select * from {{ source('ops', 'tz_transitions') }}
),

final as (
    select
        zone as timezone,
        from_utc as from_at,
        to_utc as to_at,
        utc_offset as utc_offset_seconds
    from transitions
)

select * from final
