with

entries as (
    select * from {{ ref('int_ledger__entries') }}
),

-- The books without the month: the command puts this view of them into the scratch schema.
lines as (
    select * from {{ source('ledger', 'journal_lines') }}
),

final as (
    select * from {{ ledger_differences('entries', 'lines') }} as differences
)

select * from final
