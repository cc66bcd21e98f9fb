with

filters as (
    select * from {{ ref('stg_catalog__meter_filters') }}
    where not is_deleted
),

final as (
    select distinct
        meter_code,
        filter_field,
        allowed_value
    from filters
)

select * from final
