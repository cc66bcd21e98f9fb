with

loads as (
    select * from {{ source('ops', 'loads') }}
    {{ known_by_as_of('known_at', 'where') }}
),

final as (
    select
        load_id,
        load_seq,
        system,
        object,
        delivered_on,
        file_name,
        content_sha256,
        size_bytes,
        rows_in,
        accepted,
        duplicate,
        quarantined,
        late_excluded,
        known_at
    from loads
)

select * from final
