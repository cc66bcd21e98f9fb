{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_ledger_gate__periods') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where source_system = 'stripe' and account in ('cash', 'fees')
),

transactions as (
    select * from {{ ref('fct_balance_transactions') }}
),

-- Moves between our own accounts are no cash of the processor's customers.
booked_by_processor as (
    select
        'main' as entity,
        {{ month_start(utc_date('created_at')) }} as period_month,
        currency,
        net_minor as cash_minor,
        case
            when transaction_type in ('stripe_fee', 'stripe_fx_fee', 'tax_fee') then -net_minor
            else fee_minor
        end as fees_minor
    from transactions
    where
        transaction_type not in (
            'payout', 'payout_cancel', 'payout_failure', 'payout_minimum_balance_hold',
            'payout_minimum_balance_release', 'transfer', 'transfer_cancel', 'transfer_failure', 'transfer_refund',
            'topup', 'topup_reversal', 'reserve_transaction', 'reserved_funds'
        )
),

in_the_books as (
    select
        periods.entity,
        periods.period_month,
        lines.currency,
        case when lines.account = 'cash' then lines.amount_minor else 0 end as cash_minor,
        case when lines.account = 'fees' then lines.amount_minor else 0 end as fees_minor
    from periods
    inner join lines
        on
            periods.entity = lines.entity
            and periods.period_month = lines.original_period
            -- nothing is posted before its month
            and periods.period_month = lines.posted_period
),

both_sides as (
    select
        entity,
        period_month,
        currency,
        cash_minor,
        fees_minor
    from booked_by_processor
    union all
    select
        entity,
        period_month,
        currency,
        -cash_minor as cash_minor,
        -fees_minor as fees_minor
    from in_the_books
),

compared as (
    select
        entity,
        period_month,
        currency,
        count(*) as row_count,
        sum(cash_minor) as cash_minor,
        sum(fees_minor) as fees_minor
    from both_sides
    group by entity, period_month, currency
),

final as (
    select
        entity,
        period_month,
        'cash' as gate,
        currency,
        'net of the processor''s bookings of the month, less cash in the books' as reason,
        row_count,
        cast(cash_minor as bigint) as amount_minor
    from compared
    where cash_minor <> 0
    union all
    select
        entity,
        period_month,
        'fees' as gate,
        currency,
        'fees of the processor of the month, less fees in the books' as reason,
        row_count,
        cast(fees_minor as bigint) as amount_minor
    from compared
    where fees_minor <> 0
)

select * from final
