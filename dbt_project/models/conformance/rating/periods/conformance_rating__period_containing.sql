with

cases as (
    select
        case_id,
        cast({{ json_text('inputs', 'anchor') }} as {{ instant_type() }}) as anchor_at,
        cast({{ json_text('inputs', 'at') }} as {{ instant_type() }}) as asked_at,
        {{ case_months() }} as months,
        {{ case_days() }} as days
    from {{ conformance_cases() }} as cases
),

numbered as {{ once() }} (
    select
        cases.*,
        {{ interval_index_at('anchor_at', 'months', 'days', 'asked_at') }} as interval_no
    from cases
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'from', {{ instant_text(boundary_at('anchor_at', 'months', 'days', 'interval_no')) }},
            'to', {{ instant_text(boundary_at('anchor_at', 'months', 'days', 'interval_no + 1')) }}
        ) as outputs
    from numbered
)

select * from final
