with

usage_quantities as (
    select * from {{ ref('int_rating__usage_quantities') }}
),

clock as (
    select as_of_at from {{ ref('int_clock__as_of') }}
),

complete as (
    select usage_quantities.*
    from usage_quantities
    cross join clock
    where usage_quantities.cut_off_at <= clock.as_of_at
),

measured as (
    select
        'as_invoiced' as basis,
        quantity_as_invoiced as measured_quantity,
        complete.*
    from complete
    union all
    select
        'as_now_known' as basis,
        quantity_as_now_known as measured_quantity,
        complete.*
    from complete
    where late_event_count > 0
),

final as (
    select
        basis,
        billing_system,
        account_id,
        subscription_id,
        subscription_item_id,
        price_code,
        'usage' as line_kind,
        period_start,
        period_end,
        measured_quantity as quantity,
        cast(null as {{ exact_number() }}) as negotiated_amount_minor,
        discount_percent,
        currency,
        period_start as active_start,
        period_end as active_end,
        period_start as whole_start,
        period_end as whole_end,
        1 as direction,
        billed_at
    from measured
)

select * from final
