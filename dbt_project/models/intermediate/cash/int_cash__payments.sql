{{ config(indexes=[{'columns': ['payment_id'], 'unique': true}]) }}

with

stripe_payments as (
    select * from {{ ref('int_cash__stripe_payments') }}
),

erp_payments as (
    select * from {{ ref('int_cash__erp_payments') }}
),

refunds as (
    select * from {{ ref('int_cash__refunds') }}
),

disputes as (
    select * from {{ ref('int_cash__disputes') }}
),

final as (
    select * from stripe_payments
    union all
    select * from erp_payments
    union all
    select * from refunds
    union all
    select * from disputes
)

select * from final
