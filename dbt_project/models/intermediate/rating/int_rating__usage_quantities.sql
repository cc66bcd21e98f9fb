{%- set keys = ['basis', 'subscription_item_id', 'period_start'] -%}
with

usage_periods as (
    select * from {{ ref('int_rating__usage_periods') }}
),

late as (
    select * from {{ ref('int_rating__usage_late') }}
),

metered_periods as (
    {{ metered_periods_by_basis() }}
),

states as (
    {{ usage_states_by_basis() }}
),

quantities as (
    {{ metered_quantities('metered_periods', 'states', keys, usage_tie_break().split(',')) }}
),

final as (
    select
        usage_periods.*,
        coalesce(as_now_known.quantity, as_invoiced.quantity) as quantity_as_now_known,
        as_invoiced.quantity as quantity_as_invoiced,
        coalesce(late.event_count, 0) as late_event_count
    from usage_periods
    inner join quantities as as_invoiced
        on
            usage_periods.subscription_item_id = as_invoiced.subscription_item_id
            and usage_periods.period_start = as_invoiced.period_start
            and as_invoiced.basis = 'as_invoiced'
    left join quantities as as_now_known
        on
            usage_periods.subscription_item_id = as_now_known.subscription_item_id
            and usage_periods.period_start = as_now_known.period_start
            and as_now_known.basis = 'as_now_known'
    left join late
        on
            usage_periods.subscription_item_id = late.subscription_item_id
            and usage_periods.period_start = late.period_start
)

select * from final
