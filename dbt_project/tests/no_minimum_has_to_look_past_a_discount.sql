{#- Minimums look at the amount before discounts. Rows: discounted charges of a price with a minimum where the
    billing system's convention says after_discounts: what they are expected to cost may be too little. -#}
{{ config(severity='warn') }}

with

lines as (
    select * from {{ ref('int_billing__discountable_lines') }}
),

discounts as (
    select * from {{ ref('int_billing__line_discounts') }}
    where discount_minor <> 0
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
    where minimum_amount_minor is not null
),

conventions as (
    select * from {{ ref('int_catalog__conventions') }}
    where minimum_basis = 'after_discounts'
)

select
    lines.charge_id,
    lines.billing_system,
    discounts.discount_minor,
    prices.minimum_amount_minor
from lines
inner join discounts on lines.charge_id = discounts.charge_id
inner join prices on lines.price_code = prices.price_code
inner join conventions
    on
        lines.billing_system = conventions.billing_system
        and lines.convention_from = conventions.valid_from
