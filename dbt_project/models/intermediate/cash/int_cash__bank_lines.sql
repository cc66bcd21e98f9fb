{{ config(indexes=[{'columns': ['bank_line_key'], 'unique': true}]) }}

with

entries as (
    select * from {{ ref('stg_bank__entries') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- Everything that the bank says about an entry, in one upper-case text: what references are looked up in.
worded as (
    select
        entries.*,
        upper(
            coalesce(end_to_end_id, '') || ' ' || coalesce(bank_reference, '') || ' '
            || coalesce(entry_ref, '') || ' ' || coalesce(creditor_reference, '') || ' ' || coalesce(description, '')
        ) as entry_text
    from entries
),

final as (
    select
        worded.statement_key || '|' || cast(worded.entry_no as text) as bank_line_key,
        worded.statement_key,
        worded.bank_account_id,
        worded.statement_id,
        worded.entry_no,
        coalesce(worded.booking_on, worded.value_on, worded.delivered_on) as booking_on,
        worded.value_on,
        worded.currency,
        worded.amount_minor,
        worded.end_to_end_id,
        worded.bank_reference,
        worded.counterparty,
        worded.description,
        worded.entry_text,
        worded.entry_text like '%STRIPE%' as is_processor,
        worded.entry_text like '%CHARGES%' as names_charges,
        {{ file_line('loads', 'worded.line_no') }} as file_line
    from worded
    left join loads on worded.load_id = loads.load_id
)

select * from final
