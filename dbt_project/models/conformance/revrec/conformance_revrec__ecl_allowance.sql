with

cases as (
    select
        case_id,
        inputs,
        {{ to_date(json_text('inputs', 'as_of')) }} as as_of,
        cast({{ json_text('inputs', 'opening_allowance') }} as numeric) as opening_allowance,
        cast({{ json_text('inputs', 'write_offs') }} as numeric) as write_offs
    from {{ conformance_cases() }} as cases
),

buckets as (
    select
        cases.case_id,
        cast({{ json_text('given.element', 0) }} as integer) as bucket,
        cast({{ json_text('given.element', 1) }} as numeric) * {{ power_of_ten('-4') }} as loss_rate
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'buckets'), 'given') }}
),

invoices as (
    select
        cases.case_id,
        given.position as invoice_no,
        cast({{ json_text('given.element', 'open') }} as numeric) as open_minor,
        {{ days_between(to_date(json_text('given.element', 'due')), 'cases.as_of') }} as days_past_due
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'open_invoices'), 'given') }}
),

receivables as (
    select
        buckets.case_id as book_id,
        buckets.bucket,
        buckets.loss_rate,
        invoices.invoice_no as receivable_id,
        invoices.open_minor,
        invoices.days_past_due
    from buckets
    left join invoices on buckets.case_id = invoices.case_id
),

aged as (
    {{ receivables_by_age('receivables') }}
),

allowances as (
    select
        book_id,
        jsonb_object_agg(bucket, cast(open_minor as text)) as aging,
        sum(allowance_minor) as required_allowance
    from aged
    group by book_id
),

final as (
    select
        cases.case_id,
        jsonb_build_object(
            'aging', allowances.aging,
            'required_allowance', cast(allowances.required_allowance as text),
            'bad_debt_expense', cast(
                {{ allowance_expense('required_allowance', 'opening_allowance', 'write_offs') }} as text
            )
        ) as outputs
    from cases
    inner join allowances on cases.case_id = allowances.book_id
)

select * from final
