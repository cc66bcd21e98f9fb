with

events as (
    select * from {{ source('usage', 'events') }}
    {{ known_by_as_of('known_at', 'where') }}
),

final as (
    select
        source,
        event_id,
        event_type,
        subject as account_id,
        occurred_at,
        occurred_on,
        recorded_at,
        cast(quantity as {{ exact_number() }}) as quantity,
        dimensions,
        load_id,
        load_seq,
        line_no,
        delivered_on
    from events
)

select * from final
