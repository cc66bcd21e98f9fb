{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': [
            'entity', 'posting_no', 'posted_period', 'rule', 'account', 'side', 'currency', 'functional_currency',
        ], 'unique': true},
    ],
) }}

with

-- What was posted stays as it is: only postings that came since have to be read.
postings as (
    select * from {{ source('ledger', 'postings') }} as postings
    where {{ is_new_posting('postings') }}
),

movements as (
    select movements.*
    from postings
    inner join {{ ref('int_ledger__movements') }} as movements
        on postings.entity = movements.entity and postings.posting_no = movements.posting_no
),

final as (
    select
        entity,
        posting_no,
        posted_period,
        rule,
        account,
        side,
        currency,
        functional_currency,
        cast(sum(amount_minor) as bigint) as amount_minor,
        cast(sum(functional_minor) as bigint) as functional_minor,
        cast(sum(line_count) as bigint) as line_count
    from movements
    group by entity, posting_no, posted_period, rule, account, side, currency, functional_currency
)

select * from final
