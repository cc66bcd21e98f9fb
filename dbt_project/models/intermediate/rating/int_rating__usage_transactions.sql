{%- set tie_break = 'states.latest_' ~ usage_tie_break().split(',') | join(', states.latest_') -%}
with

metered_periods as (
    {{ metered_periods_by_basis("charge_model = 'percentage'") }}
),

states as (
    {{ usage_states_by_basis("charge_model = 'percentage'") }}
),

final as (
    select
        states.basis,
        states.subscription_item_id,
        states.period_start,
        row_number() over (
            partition by states.basis, states.subscription_item_id, states.period_start
            order by
                states.latest_at,
                {{ tie_break }}
        ) as transaction_no,
        states.latest_at as occurred_at,
        {{ times('states.quantity_sum', 'coalesce(metered_periods.multiplier, 1)') }} as quantity
    from states
    inner join metered_periods
        on
            states.basis = metered_periods.basis
            and states.subscription_item_id = metered_periods.subscription_item_id
            and states.period_start = metered_periods.period_start
    where not states.is_initial
)

select * from final
