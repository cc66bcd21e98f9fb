{{ config(indexes=[{'columns': ['bank_line_key'], 'unique': true}]) }}

with

bank_lines as (
    select * from {{ ref('int_cash__bank_lines') }}
),

matches as (
    select * from {{ ref('int_cash__payout_bank_matches') }}
),

final as (
    select
        bank_lines.bank_line_key,
        bank_lines.statement_key,
        bank_lines.bank_account_id,
        bank_lines.statement_id,
        bank_lines.entry_no,
        bank_lines.booking_on,
        bank_lines.value_on,
        bank_lines.currency,
        bank_lines.amount_minor,
        bank_lines.is_processor,
        matches.payout_id,
        matches.match_rule,
        bank_lines.end_to_end_id,
        bank_lines.bank_reference,
        bank_lines.description,
        bank_lines.file_line
    from bank_lines
    left join matches on bank_lines.bank_line_key = matches.bank_line_key
)

select * from final
