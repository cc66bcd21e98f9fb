{{ config(materialized='view') }}

with

rolled as (
    select * from {{ ref('fct_deferred_revenue_rollforward') }}
    where is_closed
),

-- Opening and what moved it is what the month ends with, and what the next one opens with.
final as (
    select
        'closing|' || entity || '|' || {{ month_text('period') }} || '|' || currency || '|' || functional_currency
            as tracking_key,
        'closing|' || entity || '|' || {{ month_text('period') }} || '|' || currency || '|' || functional_currency
            as row_id,
        cast(null as text) as account_id,
        currency,
        cast(
            opening_minor + billed_minor + recognised_minor + refunded_minor + disputed_minor + credited_minor
            + voided_minor + written_off_minor + adjusted_minor as bigint
        ) as amount_minor,
        cast(null as numeric) as quantity,
        period as business_on,
        cast('1900-01-01' as date) as due_on,
        'roll-forward of ' || {{ month_text('period') }} as evidence,
        'closing' as tie
    from rolled
    union all
    select
        'opening|' || entity || '|' || {{ month_text('period') }} || '|' || currency || '|' || functional_currency
            as tracking_key,
        'opening|' || entity || '|' || {{ month_text('period') }} || '|' || currency || '|' || functional_currency
            as row_id,
        cast(null as text) as account_id,
        currency,
        opening_minor as amount_minor,
        cast(null as numeric) as quantity,
        period as business_on,
        cast('1900-01-01' as date) as due_on,
        'opening of ' || {{ month_text('period') }} as evidence,
        'opening' as tie
    from rolled
)

select * from final
