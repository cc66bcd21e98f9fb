with

groups as (
    select * from {{ ref('stg_catalog__meter_groups') }}
    where not is_deleted
),

final as (
    select
        meter_code,
        group_no,
        group_field
    from groups
)

select * from final
