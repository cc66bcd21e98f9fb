with

trace_matches as (
    select * from {{ ref('int_cash__payout_bank_trace_matches') }}
),

payouts as (
    select * from {{ ref('int_cash__payouts') }}
    where
        status <> 'canceled'
        and payout_id not in (select trace_matches.payout_id from trace_matches)
),

bank_lines as (
    select * from {{ ref('int_cash__bank_lines') }}
    where
        is_processor
        and bank_line_key not in (select trace_matches.bank_line_key from trace_matches)
),

candidates as (
    select
        payouts.payout_id,
        bank_lines.bank_line_key,
        count(*) over (partition by payouts.payout_id) as line_count,
        count(*) over (partition by bank_lines.bank_line_key) as payout_count
    from payouts
    inner join bank_lines
        on
            payouts.currency = bank_lines.currency
            and payouts.amount_minor = bank_lines.amount_minor
            and payouts.arrival_on <= bank_lines.booking_on
            and {{ add_business_days('payouts.arrival_on', 3) }} >= bank_lines.booking_on
),

-- Mutually unique or nothing: a tie is never broken.
final as (
    select
        payout_id,
        bank_line_key
    from candidates
    where line_count = 1 and payout_count = 1
)

select * from final
