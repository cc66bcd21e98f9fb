with

cases as (
    select
        case_id,
        cast({{ json_text('inputs', 'amount') }} as numeric) as amount_minor,
        {{ to_date(json_text('inputs', 'paid_on')) }} as paid_on,
        {{ to_timestamp_utc(json_text('inputs', 'service_start')) }} as service_start_at,
        {{ to_timestamp_utc(json_text('inputs', 'service_end')) }} as service_end_at,
        {{ to_date(json_text('inputs', 'service_start')) }} as service_start_on,
        {{ to_date(json_text('inputs', 'service_end')) }} as service_end_on,
        cast({{ json_text('inputs', 'term_months') }} as integer) as term_months,
        {{ json_text('inputs', 'method') }} as granularity,
        case {{ json_text('inputs', 'rounding') }}
            when 'floor_remainder_last' then 'last_month' else 'largest_remainder'
        end as leftover_units
    from {{ conformance_cases() }} as cases
),

lines as (
    select
        case_id as line_id,
        amount_minor,
        service_start_at,
        service_end_at,
        service_start_on,
        service_end_on,
        term_months,
        granularity,
        leftover_units
    from cases
),

months as (
    {{ schedule_months('lines') }}
),

postings as (
    select
        case_id,
        {{ month_start('paid_on') }} as month_on,
        'cash' as account,
        amount_minor as amount
    from cases
    union all
    select
        case_id,
        {{ month_start('paid_on') }} as month_on,
        'deferred_revenue' as account,
        -amount_minor as amount
    from cases
    union all
    select
        line_id as case_id,
        month_on,
        'deferred_revenue' as account,
        amount_minor as amount
    from months
    union all
    select
        line_id as case_id,
        month_on,
        'revenue' as account,
        -amount_minor as amount
    from months
),

movements as (
    {{ conformance_movements('postings') }}
),

final as (
    select
        cases.case_id,
        jsonb_build_object('movements', coalesce(movements.movements, jsonb_build_object())) as outputs
    from cases
    left join movements on cases.case_id = movements.case_id
)

select * from final
