with

cases as (
    select
        case_id,
        {{ json_node('inputs', 'thresholds') }} as thresholds,
        {{ exact_of(json_text('inputs', 'recurring')) }} as recurring_threshold,
        {{ json_node('inputs', 'usage') }} as usage_amounts,
        {{ exact_of("coalesce(" ~ json_text('inputs', 'other_fees') ~ ", '0')") }} as other_fees
    from {{ conformance_cases() }} as cases
),

usage_amounts as (
    select
        cases.case_id as line_id,
        amounts.position as event_no,
        {{ exact_of(json_text('amounts.element')) }} as amount,
        cases.recurring_threshold
    from cases
    cross join {{ json_array_elements('cases.usage_amounts', 'amounts') }}
),

thresholds as (
    select
        cases.case_id as line_id,
        {{ exact_of(json_text('thresholds.element')) }} as threshold_amount
    from cases
    cross join {{ json_array_elements('cases.thresholds', 'thresholds') }}
),

invoices as (
    {{ progressive_invoices('usage_amounts', 'thresholds') }}
),

invoiced as (
    select
        line_id,
        sum(invoice_amount) as credit,
        {{ json_list(text_of('invoice_amount'), 'event_no') }} as invoices
    from invoices
    group by line_id
),

used as (
    select
        line_id,
        sum(amount) as amount
    from usage_amounts
    group by line_id
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'invoices', coalesce(invoiced.invoices, {{ json_list_of([]) }}),
            'progressive_credit', {{ text_of('coalesce(invoiced.credit, 0)') }},
            'final_invoice', {{ text_of(
                'coalesce(used.amount, 0) + cases.other_fees - coalesce(invoiced.credit, 0)'
            ) }}
        ) as outputs
    from cases
    left join invoiced on cases.case_id = invoiced.line_id
    left join used on cases.case_id = used.line_id
)

select * from final
