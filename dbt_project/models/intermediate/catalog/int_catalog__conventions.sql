with

conventions as (
    select * from {{ ref('stg_catalog__conventions') }}
    where not is_deleted
),

final as (
    select
        billing_system,
        valid_from,
        lead(valid_from) over (partition by billing_system order by valid_from) as valid_to,
        proration_unit,
        rounding_mode,
        tax_rounding,
        discount_order,
        usage_window,
        usage_grace_hours,
        payment_grace_days,
        due_days
    from conventions
)

select * from final
