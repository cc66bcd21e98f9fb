{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': [
            'entity', 'posting_no', 'posted_period', 'original_period', 'rule', 'account', 'side', 'customer_id', 'currency',
            'functional_currency',
        ], 'unique': true},
    ],
) }}

with

-- What was posted stays as it is: only postings that came since have to be read.
postings as (
    select * from {{ source('ledger', 'postings') }} as postings
    where {{ is_new_posting('postings') }}
),

lines as (
    select
        journal_lines.*,
        case
            when journal_lines.amount_minor > 0 then 'debit'
            when journal_lines.amount_minor = 0 and journal_lines.functional_minor > 0 then 'debit'
            else 'credit'
        end as side
    from postings
    cross join {{ lines_of_posting('postings', source('ledger', 'journal_lines'), 'journal_lines') }}
),

final as (
    select
        entity,
        posting_no,
        posted_period,
        original_period,
        rule,
        account,
        side,
        coalesce(customer_id, '') as customer_id,
        currency,
        functional_currency,
        cast(sum(amount_minor) as bigint) as amount_minor,
        cast(sum(functional_minor) as bigint) as functional_minor,
        count(*) as line_count
    from lines
    group by
        entity, posting_no, posted_period, original_period, rule, account, side, coalesce(customer_id, ''), currency,
        functional_currency
)

select * from final
