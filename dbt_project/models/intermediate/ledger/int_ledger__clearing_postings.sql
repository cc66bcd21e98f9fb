{{ config(indexes=[{'columns': ['posting_key'], 'unique': true}]) }}

with

gl_lines as (
    select * from {{ ref('int_ledger__erp_gl_lines') }}
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
    where policy like 'clearing_account:%'
),

payment_intents as (
    select
        payment_intent_id,
        latest_charge_id
    from {{ ref('stg_stripe__payment_intents') }}
    where not is_deleted
),

transactions as (
    select * from {{ ref('int_cash__balance_transactions') }}
),

members as (
    select
        balance_transaction_id,
        payout_id
    from {{ ref('int_cash__payout_members') }}
    where listing_no = 1
),

payouts as (
    select * from {{ ref('int_cash__payouts') }}
),

-- A payout that failed comes back, and leaves with a later one.
failed_payouts as (
    select
        payouts.payout_id || '-failed' as origin_id,
        members.payout_id as next_payout_id
    from payouts
    left join members on payouts.failure_balance_transaction_id = members.balance_transaction_id
),

-- The payout that holds the money of a charge, a refund or a dispute; of what is booked of it in several, the first.
payout_of_sources as (
    select
        transactions.source_id,
        transactions.amount_minor > 0 as is_credit,
        min(members.payout_id) as payout_id
    from transactions
    inner join members on transactions.balance_transaction_id = members.balance_transaction_id
    where transactions.source_id is not null
    group by transactions.source_id, transactions.amount_minor > 0
),

available as (
    select
        source_id,
        amount_minor > 0 as is_credit,
        max(available_on) as available_on
    from transactions
    where source_id is not null
    group by source_id, amount_minor > 0
),

posted as (
    select
        gl_lines.*,
        gl_lines.transaction_id || '|' || gl_lines.transaction_line_id || '|' || gl_lines.account_id as posting_key,
        case
            when gl_lines.external_id like '%-won'
                then substr(gl_lines.external_id, 1, length(gl_lines.external_id) - 4)
            else coalesce(payment_intents.latest_charge_id, gl_lines.external_id)
        end as origin_id
    from gl_lines
    inner join policies
        on
            policies.policy = 'clearing_account:' || gl_lines.gl_account
            and gl_lines.transaction_on >= policies.valid_from
            and (policies.valid_to is null or gl_lines.transaction_on < policies.valid_to)
    left join payment_intents on gl_lines.external_id = payment_intents.payment_intent_id
),

final as (
    select
        posted.posting_key,
        posted.gl_account,
        posted.transaction_id,
        posted.transaction_type,
        posted.external_id,
        coalesce(
            payouts.payout_id,
            failed_payouts.next_payout_id,
            payout_of_sources.payout_id,
            posted.origin_id,
            posted.transaction_id
        ) as entity_key,
        posted.currency,
        posted.amount_minor,
        posted.transaction_on,
        coalesce(
            payouts.arrival_on, later_payouts.arrival_on, available.available_on, posted.transaction_on
        ) as settles_on,
        posted.file_line
    from posted
    left join payouts on posted.origin_id = payouts.payout_id
    left join failed_payouts on posted.origin_id = failed_payouts.origin_id
    left join payout_of_sources
        on
            posted.origin_id = payout_of_sources.source_id
            and (posted.amount_minor > 0) = payout_of_sources.is_credit
    left join payouts as later_payouts
        on coalesce(failed_payouts.next_payout_id, payout_of_sources.payout_id) = later_payouts.payout_id
    left join available
        on posted.origin_id = available.source_id and (posted.amount_minor > 0) = available.is_credit
    where posted.amount_minor <> 0
)

select * from final
