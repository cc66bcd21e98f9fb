{{ config(indexes=[{'columns': ['payout_id'], 'unique': true}]) }}

with

payouts as (
    select * from {{ ref('int_cash__payouts') }}
),

members as (
    select * from {{ ref('int_cash__payout_members') }}
    where listing_no = 1
),

bank_lines as (
    select * from {{ ref('int_cash__bank_lines') }}
),

matches as (
    select * from {{ ref('int_cash__payout_bank_matches') }}
),

member_sums as (
    select
        payout_id,
        count(*) as transaction_count,
        sum(net_minor) as transactions_minor
    from members
    group by payout_id
),

received as (
    select
        matches.payout_id,
        count(*) as bank_line_count,
        sum(bank_lines.amount_minor) as received_minor
    from matches
    inner join bank_lines on matches.bank_line_key = bank_lines.bank_line_key
    group by matches.payout_id
),

final as (
    select
        payouts.payout_id,
        payouts.status,
        payouts.is_automatic,
        payouts.currency,
        payouts.amount_minor,
        cast(coalesce(member_sums.transactions_minor, 0) as bigint) as transactions_minor,
        cast(coalesce(received.received_minor, 0) as bigint) as received_minor,
        coalesce(member_sums.transaction_count, 0) as transaction_count,
        coalesce(received.bank_line_count, 0) as bank_line_count,
        payouts.created_at,
        payouts.arrival_on,
        payouts.trace_id
    from payouts
    left join member_sums on payouts.payout_id = member_sums.payout_id
    left join received on payouts.payout_id = received.payout_id
)

select * from final
