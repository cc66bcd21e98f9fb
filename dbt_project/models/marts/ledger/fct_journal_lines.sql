{{ config(materialized='view') }}

with

journal_lines as (
    select * from {{ source('ledger', 'journal_lines') }}
),

postings as (
    select * from {{ source('ledger', 'postings') }}
),

periods as (
    select * from {{ source('ledger', 'periods') }}
),

gl_accounts as (
    select * from {{ ref('int_ledger__gl_accounts') }}
),

final as (
    select
        journal_lines.line_id,
        journal_lines.entity,
        journal_lines.posted_period,
        journal_lines.sequence,
        journal_lines.original_period,
        journal_lines.original_period < journal_lines.posted_period as is_late,
        periods.status = 'closed' as is_closed,
        journal_lines.entry_key,
        journal_lines.revision,
        journal_lines.line_ref,
        journal_lines.source_system,
        journal_lines.source_id,
        journal_lines.rule,
        journal_lines.rule_version,
        journal_lines.customer_id,
        journal_lines.customer_sequence,
        journal_lines.invoice_id,
        journal_lines.invoice_line_id,
        journal_lines.booked_on,
        journal_lines.account,
        gl_accounts.gl_account,
        gl_accounts.gl_name,
        journal_lines.currency,
        journal_lines.amount_minor,
        greatest(journal_lines.amount_minor, 0) as debit_minor,
        greatest(-journal_lines.amount_minor, 0) as credit_minor,
        journal_lines.functional_currency,
        journal_lines.functional_minor,
        journal_lines.posting_no,
        postings.posted_by,
        postings.posted_at,
        postings.code_version,
        encode(journal_lines.hash, 'hex') as line_hash
    from journal_lines
    inner join postings
        on journal_lines.entity = postings.entity and journal_lines.posting_no = postings.posting_no
    inner join periods
        on journal_lines.entity = periods.entity and journal_lines.posted_period = periods.period
    left join gl_accounts
        on
            journal_lines.entity = gl_accounts.entity
            and journal_lines.account = gl_accounts.account
            and journal_lines.posted_period >= gl_accounts.valid_from
            and (journal_lines.posted_period < gl_accounts.valid_to or gl_accounts.valid_to is null)
)

select * from final
