{%- set occurred_at = to_timestamp_utc(json_text('event', 'time')) -%}
with

records as (
    select
        load_id,
        line_no,
        {{ json_or_null('raw') }} as event
    from {{ source('quarantine', 'records') }}
    where
        system = 'usage' and object = 'events'
        {{ known_by_as_of('known_at') }}
),

final as (
    select
        load_id,
        line_no,
        {{ json_text('event', 'source') }} as source,
        {{ json_text('event', 'id') }} as event_id,
        {{ json_text('event', 'type') }} as event_type,
        {{ json_text('event', 'subject') }} as account_id,
        {{ occurred_at }} as occurred_at,
        {{ utc_date(occurred_at) }} as occurred_on,
        {{ to_numeric(json_text('event', 'quantity')) }} as quantity,
        {{ json_node('event', 'data') }} as data
    from records
)

select * from final
