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
        fixed_month_days,
        coalesce(change_day, 'new_plan') as change_day,
        rounding_mode,
        tax_rounding,
        discount_order,
        coalesce(discount_allocation, 'largest_remainder') as discount_allocation,
        coalesce(percent_rounding, 'per_line') as percent_rounding,
        coalesce(minimum_basis, 'before_discounts') as minimum_basis,
        coalesce(credit_timing, 'after_tax') as credit_timing,
        coalesce(zero_usage, 'none') as zero_usage,
        coalesce(tier_select, 'exact') as tier_select,
        usage_window,
        coalesce(dedup_key, 'source_and_id') as dedup_key,
        coalesce(weighted_sum_denominator, 'period') as weighted_sum_denominator,
        coalesce(late_usage_mode, 'none') as late_usage_mode,
        usage_grace_hours,
        payment_grace_days,
        due_days
    from conventions
)

select * from final
