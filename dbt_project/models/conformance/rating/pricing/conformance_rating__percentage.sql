with

cases as (
    select
        case_id,
        {{ json_node('inputs', 'transactions') }} as transactions,
        coalesce({{ json_text('inputs', 'rate_pct') }}, '0') as rate_pct,
        coalesce({{ json_text('inputs', 'fixed_per_txn') }}, '0') as fixed_per_txn,
        {{ exact_from_text(json_text('inputs', 'free_txns')) }} as free_transactions,
        {{ json_text('inputs', 'free_amount') }} as free_amount,
        {{ json_text('inputs', 'min_per_txn') }} as min_per_txn,
        {{ json_text('inputs', 'max_per_txn') }} as max_per_txn,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as round_digits,
        {{ json_text('inputs', 'round', 'mode') }} as round_mode
    from {{ conformance_cases() }} as cases
),

given_transactions as (
    select
        cases.*,
        given.position as transaction_no,
        {{ json_text('given.element') }} as transaction_value
    from cases
    cross join {{ json_array_elements('cases.transactions', 'given') }}
),

-- Money in whole parts of one denominator, so that a fraction stays exact.
scales as (
    select
        cases.case_id,
        {{ least_common_multiple_of(denominator_of('given_transactions.transaction_value')) }}
        * max(
            {{ denominator_of('cases.free_amount') }}
            * {{ denominator_of('cases.fixed_per_txn') }}
            * {{ denominator_of('cases.min_per_txn') }}
            * {{ denominator_of('cases.max_per_txn') }}
        ) as money_scale,
        max({{ denominator_of('cases.rate_pct') }} * 100) as rate_scale
    from cases
    left join given_transactions on cases.case_id = given_transactions.case_id
    group by cases.case_id
),

transactions as (
    select
        given.case_id as line_id,
        given.transaction_no,
        {{ in_scale('given.transaction_value', 'scales.money_scale') }} as transaction_value,
        {{ numerator_of('given.rate_pct') }} as rate,
        {{ in_scale('given.fixed_per_txn', 'scales.money_scale * scales.rate_scale') }} as fixed_amount,
        given.free_transactions,
        {{ in_scale('given.free_amount', 'scales.money_scale') }} as free_amount,
        {{ in_scale('given.min_per_txn', 'scales.money_scale * scales.rate_scale') }} as minimum_per_transaction,
        {{ in_scale('given.max_per_txn', 'scales.money_scale * scales.rate_scale') }} as maximum_per_transaction
    from given_transactions as given
    inner join scales on given.case_id = scales.case_id
),

charged as (
    {{ percentage_transactions('transactions') }}
),

totals as (
    select
        line_id,
        sum(amount) as amount,
        sum(free_value) as free_value,
        count(*) filter (where is_free) as free_count
    from charged
    group by line_id
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'amount', {{ ratio_text(
                'coalesce(totals.amount, 0)', 'scales.money_scale * scales.rate_scale',
                'cases.round_digits', 'cases.round_mode'
            ) }},
            'free_txns_used', {{ text_of('coalesce(totals.free_count, 0)') }},
            'free_amount_used', {{ ratio_text('coalesce(totals.free_value, 0)', 'scales.money_scale') }}
        ) as outputs
    from cases
    inner join scales on cases.case_id = scales.case_id
    left join totals on cases.case_id = totals.line_id
)

select * from final
