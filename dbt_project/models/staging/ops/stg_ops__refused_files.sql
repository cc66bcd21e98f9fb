with

refusals as (
    select * from {{ source('ops', 'refusals') }}
    {{ known_by_as_of('refused_at', 'where') }}
),

final as (
    select
        refusal_id,
        system,
        object,
        delivered_on,
        file_name,
        content_sha256,
        reason,
        detail,
        refused_at
    from refusals
)

select * from final
