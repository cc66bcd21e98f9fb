{{ config(indexes=[{'columns': ['entity', 'original_period']}]) }}

with

entries as (
    select * from {{ ref('int_ledger__entries') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
),

postings as (
    select * from {{ source('ledger', 'postings') }}
),

differences as (
    select * from {{ ledger_differences('entries', 'lines') }} as differences
),

-- What is said in one statement holds at one moment: these postings were looked at, and no later one.
compared as (
    select
        entity,
        max(posting_no) as posting_no
    from postings
    group by entity
),

final as (
    select
        differences.*,
        coalesce(compared.posting_no, 0) as compared_posting_no
    from differences
    left join compared on differences.entity = compared.entity
    union all
    select
        entity,
        '' as entry_key,
        '' as line_ref,
        '' as source_system,
        '' as source_id,
        '' as rule,
        0 as rule_version,
        cast(null as date) as original_period,
        cast(null as text) as customer_id,
        cast(null as text) as invoice_id,
        cast(null as text) as invoice_line_id,
        '' as account,
        '' as currency,
        '' as functional_currency,
        cast(null as date) as booked_on,
        cast(0 as bigint) as amount_minor,
        cast(0 as bigint) as functional_minor,
        posting_no as compared_posting_no
    from compared
)

select * from final
