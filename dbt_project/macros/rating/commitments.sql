{#- Minimums and commitments: what is paid however little is used, and what goes over. -#}

{#-
    Set macro: what is missing to a minimum. `minimums` has minimum_amount, share_active, share_whole (the part of the
    period; 1 and 1 for all of it), used_amount (already rounded), round_digits and round_mode (null: exact). Adds
    prorated_numerator and true_up_numerator, both over minimum_denominator, which is 1 once they are rounded.
-#}
{% macro minimum_true_ups(minimums) -%}
    {%- set share = round_ratio_as('minimum_amount * share_active', 'share_whole', 'round_digits', 'round_mode') -%}
    select
        prorated.*,
        greatest(prorated_numerator - used_amount * minimum_denominator, 0) as true_up_numerator
    from (
        select
            minimums.*,
            case when round_mode is null then minimum_amount * share_active else {{ share }} end as prorated_numerator,
            case when round_mode is null then share_whole else 1 end as minimum_denominator
        from {{ minimums }} as minimums
    ) as prorated
{%- endmacro %}

{#-
    Set macro: what a window of usage costs under a commitment. `windows` has cost_amount (usage at its price), unit_amount,
    commitment_type (amount, quantity; null: none), the committed `value`, `prior_cost` (what earlier
    windows used of it), commitment_overage_factor and commitment_true_up. Adds committed_amount, utilized, overage and true_up; the window costs their sum
    without committed_amount.
-#}
{% macro commitment_amounts(windows, value='commitment_value', prior_cost='0') -%}
    select
        used.*,
        {{ times('cost_amount - utilized', 'commitment_overage_factor') }} as overage,
        case when commitment_true_up then committed_amount - utilized else 0 end as true_up
    from (
        select
            based.*,
            case when commitment_type is null then cost_amount else least(cost_amount, committed_amount) end as utilized
        from (
            select
                windows.*,
                case commitment_type
                    when 'amount' then greatest({{ value }} - {{ prior_cost }}, 0)
                    when 'quantity' then greatest({{ times(value, 'unit_amount') }} - {{ prior_cost }}, 0)
                    else 0
                end as committed_amount
            from {{ windows }} as windows
        ) as based
    ) as used
{%- endmacro %}
