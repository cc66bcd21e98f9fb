{#-
    What the models of a period's usage read: every metered period as it was invoiced and, where something came late, as it is known now.
    `condition` is asked of int_rating__metered_periods and chooses periods.
-#}

{#- int_rating__metered_periods with the column basis: as_invoiced for all, as_now_known for those that missed something. -#}
{% macro metered_periods_by_basis(condition='true') -%}
    select
        'as_invoiced' as basis,
        periods.*
    from {{ ref('int_rating__metered_periods') }} as periods
    where {{ condition }}
    union all
    select
        'as_now_known' as basis,
        periods.*
    from {{ ref('int_rating__metered_periods') }} as periods
    inner join {{ ref('int_rating__usage_late') }} as late
        on periods.subscription_item_id = late.subscription_item_id and periods.period_start = late.period_start
    where {{ condition }}
{%- endmacro %}

{#- int_rating__usage_states with the column basis: what each basis of the period knows. -#}
{% macro usage_states_by_basis(condition='true') -%}
    select
        bases.basis,
        states.*
    from {{ ref('int_rating__usage_states') }} as states
    inner join (
        select
            chosen.basis,
            chosen.subscription_item_id as item_id,
            chosen.period_start as starts_at
        from (
            {{ metered_periods_by_basis(condition) }}
        ) as chosen
    ) as bases on states.subscription_item_id = bases.item_id and states.period_start = bases.starts_at
    where bases.basis = 'as_now_known' or states.is_known_in_time
{%- endmacro %}
