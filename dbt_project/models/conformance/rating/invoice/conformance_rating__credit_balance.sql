with

cases as (
    select
        case_id,
        inputs,
        {{ numerator_of(json_text('inputs', 'credit')) }} as credit_numerator,
        {{ denominator_of(json_text('inputs', 'credit')) }} as credit_denominator
    from {{ conformance_cases() }} as cases
),

items as (
    select
        cases.case_id,
        {{ numerator_of(json_scalar_text('items.element')) }} as numerator,
        {{ denominator_of(json_scalar_text('items.element')) }} as denominator
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'items'), 'items') }}
),

denominators as (
    {{ common_denominators('items', 'case_id', 'denominator') }}
),

sums as (
    select
        items.case_id,
        max(denominators.common_denominator) as denominator,
        sum(items.numerator * {{ whole_quotient('denominators.common_denominator', 'items.denominator') }}) as numerator
    from items
    inner join denominators on items.case_id = denominators.case_id
    group by items.case_id
),

balances as (
    select
        cases.case_id,
        coalesce(sums.numerator, 0) * cases.credit_denominator as items_total,
        coalesce(cases.credit_numerator, 0) * coalesce(sums.denominator, 1) as credit,
        coalesce(sums.denominator, 1) * cases.credit_denominator as denominator
    from cases
    left join sums on cases.case_id = sums.case_id
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'credit_applied', {{ ratio_text(credit_applied('items_total', 'credit'), 'denominator') }},
            'invoice_balance', {{ ratio_text(balance_after_credit('items_total', 'credit'), 'denominator') }},
            'credit_after', {{ ratio_text(credit_after_invoice('items_total', 'credit'), 'denominator') }}
        ) as outputs
    from balances
)

select * from final
