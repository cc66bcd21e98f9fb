with

builds as (
    select * from {{ source('ops', 'builds') }}
),

final as (
    select
        build_id,
        holder,
        window_start,
        window_end,
        from_load_seq,
        to_load_seq,
        full_refresh as is_full_refresh,
        code_version,
        status,
        started_at,
        finished_at
    from builds
)

select * from final
