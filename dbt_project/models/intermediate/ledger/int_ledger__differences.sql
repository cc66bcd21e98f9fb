{{ config(materialized='view') }}

with

unposted as (
    select * from {{ ref('int_ledger__unposted') }}
),

postings as (
    select * from {{ source('ledger', 'postings') }}
),

compared as (
    select
        entity,
        max(compared_posting_no) as posting_no
    from unposted
    group by entity
),

-- An entity that is not there had no postings when all was compared.
postings_since as (
    select
        postings.entity,
        postings.posting_no
    from postings
    left join compared on postings.entity = compared.entity
    where postings.posting_no > coalesce(compared.posting_no, 0)
),

lines_since as (
    select lines.*
    from postings_since
    cross join {{ lines_of_posting('postings_since', source('ledger', 'journal_lines'), 'lines') }}
),

-- What differed when all was compared, less what was posted since: nothing else can differ.
final as (
    select * from {{ ledger_differences('unposted', 'lines_since') }} as differences
)

select * from final
