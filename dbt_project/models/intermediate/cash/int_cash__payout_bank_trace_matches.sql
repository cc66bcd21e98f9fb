with

payouts as (
    select * from {{ ref('int_cash__payouts') }}
    where trace_id is not null and status <> 'canceled'
),

bank_lines as (
    select * from {{ ref('int_cash__bank_lines') }}
    where is_processor
),

named as (
    select
        payouts.payout_id,
        bank_lines.bank_line_key,
        count(*) over (partition by bank_lines.bank_line_key) as payout_count
    from bank_lines
    inner join payouts
        on
            bank_lines.currency = payouts.currency
            and bank_lines.booking_on >= {{ add_days('payouts.arrival_on', -10) }}
            and bank_lines.booking_on <= {{ add_days('payouts.arrival_on', 30) }}
            and position(upper(payouts.trace_id) in bank_lines.entry_text) > 0
),

-- An entry that names two payouts belongs to neither until a person says so.
final as (
    select
        payout_id,
        bank_line_key
    from named
    where payout_count = 1
)

select * from final
