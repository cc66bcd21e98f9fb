{%- set keys = ['basis', 'subscription_item_id', 'period_start', 'group_key'] -%}
with

metered_periods as (
    {{ metered_periods_by_basis('group_fields is not null') }}
),

states as (
    {{ usage_states_by_basis('group_fields is not null') }}
),

groups as (
    select distinct
        basis,
        subscription_item_id,
        period_start,
        group_key
    from states
),

metered_groups as (
    select
        metered_periods.*,
        groups.group_key
    from metered_periods
    inner join groups
        on
            metered_periods.basis = groups.basis
            and metered_periods.subscription_item_id = groups.subscription_item_id
            and metered_periods.period_start = groups.period_start
),

final as (
    {{ metered_quantities('metered_groups', 'states', keys, usage_tie_break().split(',')) }}
)

select * from final
