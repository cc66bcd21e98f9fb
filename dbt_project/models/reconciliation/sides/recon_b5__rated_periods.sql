{{ config(materialized='view') }}

with

lines as (
    select * from {{ ref('int_rating__rateable_lines') }}
    where basis = 'as_invoiced' and line_kind <> 'trial'
),

charges as (
    select * from {{ ref('int_rating__charges') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
    where kind = 'recurring'
),

-- Of a subscription the charge of the period itself, not those of changes in the middle of it.
final as (
    select
        charges.billing_system || '|' || charges.subscription_item_id || '|' || {{ instant_text('lines.whole_start') }}
            as tracking_key,
        charges.charge_id as row_id,
        charges.account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        charges.quantity,
        {{ utc_date('charges.period_start') }} as business_on,
        {{ utc_date('charges.period_start') }} as due_on,
        'charge ' || charges.charge_id as evidence
    from charges
    inner join lines on charges.charge_id = lines.charge_id
    inner join prices on charges.price_code = prices.price_code
    where charges.billing_system = 'erp' or charges.line_kind = 'recurring'
)

select * from final
