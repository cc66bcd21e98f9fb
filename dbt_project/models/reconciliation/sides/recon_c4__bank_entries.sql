{{ config(materialized='view') }}

with

bank_lines as (
    select * from {{ ref('int_cash__bank_lines') }}
    where is_processor
),

matches as (
    select * from {{ ref('int_cash__payout_bank_matches') }}
),

deposit_groups as (
    select * from {{ ref('int_cash__deposit_groups') }}
    where side = 'bank'
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
    where policy like 'payout_account:%'
),

-- payout_account:<currency> says on which account the payouts of a currency are to arrive.
final as (
    select
        coalesce(deposit_groups.group_key, matches.payout_id, bank_lines.bank_line_key) as tracking_key,
        bank_lines.bank_line_key as row_id,
        cast(null as text) as account_id,
        bank_lines.currency,
        bank_lines.amount_minor,
        cast(null as numeric) as quantity,
        bank_lines.booking_on as business_on,
        bank_lines.booking_on as due_on,
        'entry ' || bank_lines.bank_line_key || coalesce(' (' || bank_lines.file_line || ')', '') as evidence,
        cast(null as text) as payout_status,
        cast(null as text) as trace_id,
        bank_lines.entry_text as bank_text,
        case when bank_lines.names_charges then 1 else 0 end as charge_count,
        case when policies.value <> bank_lines.bank_account_id then 1 else 0 end as misdirected_count
    from bank_lines
    left join deposit_groups on bank_lines.bank_line_key = deposit_groups.row_id
    left join policies
        on
            policies.policy = 'payout_account:' || bank_lines.currency
            and bank_lines.booking_on >= policies.valid_from
            and (policies.valid_to is null or bank_lines.booking_on < policies.valid_to)
    left join matches on bank_lines.bank_line_key = matches.bank_line_key
)

select * from final
