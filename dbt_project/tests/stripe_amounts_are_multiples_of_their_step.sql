{#- Some currencies move in steps: what Stripe charged or paid out in them is a multiple. Rows: those that are not. -#}
{{ config(severity='warn') }}

with

currencies as (
    select * from {{ ref('currencies') }}
),

charges as (
    select * from {{ ref('stg_stripe__charges') }}
),

payouts as (
    select * from {{ ref('stg_stripe__payouts') }}
),

moved as (
    select
        charges.charge_id as record_id,
        charges.currency,
        charges.amount_minor * {{ power_of_ten('currencies.stripe_exponent - currencies.exponent') }} as stripe_amount,
        currencies.stripe_charge_step as step
    from charges
    inner join currencies on charges.currency = currencies.currency
    union all
    select
        payouts.payout_id as record_id,
        payouts.currency,
        payouts.amount_minor * {{ power_of_ten('currencies.stripe_exponent - currencies.exponent') }} as stripe_amount,
        currencies.stripe_payout_step as step
    from payouts
    inner join currencies on payouts.currency = currencies.currency
)

select * from moved
where not {{ is_multiple_of_step('stripe_amount', 'step') }}
