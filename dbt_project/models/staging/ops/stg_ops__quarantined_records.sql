with

records as (
    select * from {{ source('quarantine', 'records') }}
    {{ known_by_as_of('known_at', 'where') }}
),

final as (
    select
        load_id,
        line_no,
        system,
        object,
        delivered_on,
        reason,
        detail,
        record_id,
        known_at
    from records
)

select * from final
