with

cases as (
    select
        case_id,
        cast({{ json_text('inputs', 'from') }} as date) as from_on,
        {{ json_text('inputs', 'unit') }} as unit
    from {{ conformance_cases() }} as cases
),

started as {{ once() }} (
    select
        cases.*,
        {{ calendar_start('from_on', 'unit') }} as unit_start_on
    from cases
),

final as (
    select
        case_id,
        {{ json_object() }}('date', {{ date_text(calendar_end('unit_start_on', 'unit')) }}) as outputs
    from started
)

select * from final
