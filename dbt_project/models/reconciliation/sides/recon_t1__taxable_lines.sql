{{ config(materialized='view') }}

with

invoice_lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
    where is_billed and price_code is not null and invoice_on is not null
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
),

invoices as (
    select * from {{ ref('int_billing__invoices') }}
),

stripe_customers as (
    select * from {{ ref('stg_stripe__customers') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
    where tax_code is not null
),

inclusive_prices as (
    select price_id from {{ ref('stg_stripe__prices') }}
    where tax_behavior = 'inclusive'
),

-- A customer without an account is taxed where Stripe says that it is.
-- Tax that is part of the price leaves the amount as it is, and is not compared here.
final as (
    select
        invoice_lines.invoice_line_id,
        invoice_lines.invoice_id,
        invoice_lines.billing_system,
        invoice_lines.account_id,
        invoice_lines.currency,
        invoice_lines.net_minor,
        invoice_lines.tax_minor,
        invoice_lines.invoice_on,
        invoice_lines.load_id,
        invoice_lines.line_no,
        coalesce(customers.country, stripe_customers.country) as jurisdiction,
        prices.tax_code
    from invoice_lines
    inner join prices on invoice_lines.price_code = prices.price_code
    left join customers on invoice_lines.account_id = customers.account_id
    left join invoices
        on
            invoice_lines.billing_system = invoices.billing_system
            and invoice_lines.invoice_id = invoices.invoice_id
    left join stripe_customers
        on invoices.customer_id = stripe_customers.customer_id and invoices.billing_system = 'stripe'
    left join inclusive_prices
        on prices.stripe_price_id = inclusive_prices.price_id and invoice_lines.billing_system = 'stripe'
    where inclusive_prices.price_id is null
)

select * from final
