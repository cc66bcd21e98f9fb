with

cases as (
    select * from {{ conformance_cases() }} as cases
),

lines as (
    select
        cases.case_id,
        cases.case_id || '|' || cast(given.position as text) as line_id,
        cast({{ json_text('cases.inputs', 'as_of') }} as date) as as_of,
        cast({{ json_text('given.element', 'amount') }} as bigint) as amount,
        coalesce(cast({{ json_text('given.element', 'billed') }} as bigint), 0) as billed,
        cast({{ json_text('given.element', 'service_start') }} as date) as service_start_on,
        coalesce(
            cast({{ json_text('given.element', 'service_end') }} as date),
            {{ add_days("cast(" ~ json_text('given.element', 'service_end_inclusive') ~ " as date)", 1) }}
        ) as service_end_on
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'contract_lines'), 'given') }}
),

months as (
    {{ months_of_case_lines('lines') }}
),

obligations as (
    {{ remaining_obligations('lines', 'months') }}
),

sums as (
    select
        lines.case_id,
        sum(obligations.total) as total,
        sum(obligations.within_12_months) as within_12_months,
        sum(obligations.after_12_months) as after_12_months,
        sum(obligations.deferred) as deferred,
        sum(obligations.unbilled_rpo) as unbilled_rpo
    from lines
    inner join obligations on lines.line_id = obligations.line_id
    group by lines.case_id
),

final as (
    select
        case_id,
        jsonb_build_object('rpo', jsonb_build_object(
            'total', cast(total as text),
            'within_12_months', cast(within_12_months as text),
            'after_12_months', cast(after_12_months as text),
            'deferred', cast(deferred as text),
            'unbilled_rpo', cast(unbilled_rpo as text)
        )) as outputs
    from sums
)

select * from final
