with

cases as (
    select * from {{ conformance_cases() }} as cases
),

meters as (
    select
        case_id as meter_id,
        {{ json_text('inputs', 'aggregation') }} as aggregation,
        cast({{ json_text('inputs', 'unit_price') }} as numeric) as unit_price,
        cast({{ json_text('inputs', 'period_start') }} as date) as period_start_on
    from cases
),

records as (
    select
        cases.case_id as meter_id,
        given.position as record_no,
        cast({{ json_text('given.element', 'date') }} as date) as used_on,
        cast({{ json_text('given.element', 'quantity') }} as numeric) as quantity
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'records'), 'given') }}
),

invoices as (
    select
        cases.case_id as meter_id,
        cast({{ json_text('given.element', 'date') }} as date) as billed_on,
        cast({{ json_text('given.element', 'amount') }} as numeric) as amount
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'invoices'), 'given') }}
),

accruals as (
    {{ usage_accruals('meters', 'records', 'invoices') }}
),

entries as (
    {%- for account, amount in {
        'accounts_receivable': 'billed', 'unbilled_receivable': 'unbilled', 'revenue': '-revenue'
    }.items() %}
    select
        meter_id as run_id,
        {{ month_text('month_on') }} as month,
        '{{ account }}' as account,
        {{ amount }} as amount
    from accruals
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

reported as (
    select entries.*
    from entries
    inner join cases on entries.run_id = cases.case_id
    where entries.month <= {{ case_through() }}
),

movements as (
    {{ case_movements('reported') }}
),

final as (
    select
        cases.case_id,
        jsonb_build_object('movements', coalesce(movements.movements, '{}')) as outputs
    from cases
    left join movements on cases.case_id = movements.run_id
)

select * from final
