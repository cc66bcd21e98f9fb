with

policies as (
    select * from {{ ref('stg_catalog__policies') }}
    where not is_deleted
),

followed as (
    select
        policies.*,
        lead(valid_from) over (partition by policy order by valid_from) as followed_on
    from policies
),

final as (
    select
        policy,
        valid_from,
        case when valid_to < followed_on then valid_to else coalesce(followed_on, valid_to) end as valid_to,
        value
    from followed
)

select * from final
