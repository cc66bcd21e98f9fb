{{ config(indexes=[{'columns': ['payout_id'], 'unique': true}]) }}

with

payouts as (
    select * from {{ ref('stg_stripe__payouts') }}
    where not is_deleted
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        payouts.payout_id,
        payouts.status,
        payouts.is_automatic,
        payouts.currency,
        payouts.amount_minor,
        coalesce(payouts.created_at, {{ start_of_utc_day('payouts.delivered_on') }}) as created_at,
        coalesce(payouts.arrival_on, {{ utc_date('payouts.created_at') }}, payouts.delivered_on) as arrival_on,
        payouts.trace_id,
        payouts.balance_transaction_id,
        payouts.failure_balance_transaction_id,
        {{ file_line('loads', 'payouts.line_no') }} as file_line
    from payouts
    left join loads on payouts.load_id = loads.load_id
)

select * from final
