with

cases as (
    select
        case_id,
        {{ json_node('inputs', 'windows') }} as windows
    from {{ conformance_cases() }} as cases
),

windows as (
    select
        cases.case_id,
        windows.position as window_no,
        {{ times(
            exact_of(json_text('windows.element', 'quantity')), exact_of(json_text('windows.element', 'unit_price'))
        ) }} as cost_amount,
        {{ exact_of(json_text('windows.element', 'unit_price')) }} as unit_amount,
        {{ json_text('windows.element', 'commitment', 'type') }} as commitment_type,
        {{ exact_of(json_text('windows.element', 'commitment', 'value')) }} as commitment_value,
        {{ exact_of("coalesce(" ~ json_text('windows.element', 'commitment', 'prior_cost') ~ ", '0')") }} as prior_cost,
        {{ exact_of("coalesce(" ~ json_text('windows.element', 'commitment', 'overage_factor') ~ ", '1')") }}
            as commitment_overage_factor,
        coalesce({{ json_text('windows.element', 'commitment', 'true_up') }}, 'false') = 'true' as commitment_true_up
    from cases
    cross join {{ json_array_elements('cases.windows', 'windows') }}
),

committed as (
    {{ commitment_amounts('windows', prior_cost='prior_cost') }}
),

totals as (
    select
        case_id,
        sum(utilized) as utilized,
        sum(overage) as overage,
        sum(true_up) as true_up
    from committed
    group by case_id
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'total', {{ text_of('coalesce(totals.utilized + totals.overage + totals.true_up, 0)') }},
            'utilized', {{ text_of('coalesce(totals.utilized, 0)') }},
            'overage', {{ text_of('coalesce(totals.overage, 0)') }},
            'true_up', {{ text_of('coalesce(totals.true_up, 0)') }}
        ) as outputs
    from cases
    left join totals on cases.case_id = totals.case_id
)

select * from final
