with

records as (
    select * from {{ source('quarantine', 'records') }}
    {{ known_by_as_of('known_at', 'where') }}
),

retried as (
    select * from {{ source('quarantine', 'retried') }}
    {{ known_by_as_of('known_at', 'where') }}
),

final as (
    select
        load_id,
        line_no,
        load_seq,
        system,
        object,
        delivered_on,
        reason,
        detail,
        record_id,
        known_at
    from records
    where
        not exists (
            select 1
            from retried
            where retried.load_id = records.load_id and retried.line_no = records.line_no
        )
)

select * from final
