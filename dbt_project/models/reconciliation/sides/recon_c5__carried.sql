{{ config(materialized='view') }}

with

rolled as (
    select * from {{ ref('recon_c5__rolled') }}
),

uncovered as (
    select * from {{ ref('recon_c5__uncovered_days') }}
),

-- What was booked on a day that no summary covers stands alone, and waits for one.
final as (
    select
        summary_key as tracking_key,
        summary_key as row_id,
        cast(null as text) as account_id,
        currency,
        carried_minor as amount_minor,
        cast(null as numeric) as quantity,
        {{ add_days('end_on', -1) }} as business_on,
        {{ add_days('end_on', -1) }} as due_on,
        coalesce('after ' || previous_file_line, 'first summary') || ', '
        || cast(transaction_count as text) || ' balance transactions' as evidence
    from rolled
    union all
    select
        currency || '|' || {{ date_text('booked_on') }} || '|' || {{ date_text(add_days('booked_on', 1)) }}
            as tracking_key,
        coalesce(currency, 'none') || '|' || {{ date_text('booked_on') }} as row_id,
        cast(null as text) as account_id,
        currency,
        net_minor as amount_minor,
        cast(null as numeric) as quantity,
        booked_on as business_on,
        booked_on as due_on,
        cast(transaction_count as text) || ' balance transactions of ' || {{ date_text('booked_on') }} as evidence
    from uncovered
)

select * from final
