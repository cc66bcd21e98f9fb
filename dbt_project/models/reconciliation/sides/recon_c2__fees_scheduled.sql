{{ config(materialized='view') }}

with

transactions as (
    select
        int_cash__balance_transactions.*,
        coalesce({{ utc_date('created_at') }}, available_on) as booked_on
    from {{ ref('int_cash__balance_transactions') }} as int_cash__balance_transactions
    where transaction_type in ('charge', 'payment')
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
),

-- The fee that the contract with the processor says, in percent and minor units; where none is declared, the fee that
-- the processor states.
final as (
    select
        transactions.balance_transaction_id as tracking_key,
        transactions.balance_transaction_id as row_id,
        cast(null as text) as account_id,
        transactions.currency,
        cast(
            case
                when shares.value is null or fixed_parts.value is null then transactions.fee_minor
                else
                    {{ round_half_up('transactions.amount_minor * ' ~ to_numeric('shares.value') ~ ' * 0.01') }}
                    + {{ to_bigint('fixed_parts.value') }}
            end as bigint
        ) as amount_minor,
        cast(null as numeric) as quantity,
        transactions.booked_on as business_on,
        transactions.booked_on as due_on,
        case
            when shares.value is null or fixed_parts.value is null then 'no fee schedule'
            else shares.value || ' percent and ' || fixed_parts.value
        end as evidence,
        transactions.fee_minor,
        case when shares.value is null or fixed_parts.value is null then 0 else 1 end as scheduled_count
    from transactions
    left join policies as shares
        on
            shares.policy = 'processor_fee_percent:' || transactions.currency
            and transactions.booked_on >= shares.valid_from
            and (shares.valid_to is null or transactions.booked_on < shares.valid_to)
    left join policies as fixed_parts
        on
            fixed_parts.policy = 'processor_fee_fixed:' || transactions.currency
            and transactions.booked_on >= fixed_parts.valid_from
            and (fixed_parts.valid_to is null or transactions.booked_on < fixed_parts.valid_to)
)

select * from final
