with

events as (
    select * from {{ source('recon', 'break_events') }}
    where event = 'explained'
),

final as (
    select
        event_no,
        break_id,
        version,
        actor as explained_by,
        reason,
        cause,
        amount_minor,
        evidence,
        expires_on,
        happened_at as explained_at
    from events
)

select * from final
