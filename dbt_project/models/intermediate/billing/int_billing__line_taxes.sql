with

charges as (
    select * from {{ ref('int_rating__charges') }}
),

schedule as (
    select * from {{ ref('int_billing__charge_schedule') }}
),

discounts as (
    select * from {{ ref('int_billing__line_discounts') }}
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

taxable_lines as (
    select
        charges.charge_id,
        charges.account_id,
        customers.country as jurisdiction,
        prices.tax_code,
        {{ utc_date('schedule.invoiced_at') }} as tax_on,
        charges.gross_minor - discounts.discount_minor as taxable_minor
    from charges
    inner join schedule on charges.charge_id = schedule.charge_id
    inner join discounts on charges.charge_id = discounts.charge_id
    inner join prices on charges.price_code = prices.price_code
    left join customers on charges.account_id = customers.account_id
),

rates as (
    select * from {{ ref('int_billing__tax_rates') }}
),

exemptions as (
    select * from {{ ref('int_billing__tax_exemptions') }}
),

rated as (
    select
        taxable_lines.*,
        case when exemptions.account_id is null then coalesce(rates.rate, 0) else 0 end as tax_rate,
        case
            when exemptions.account_id is not null then 'exempt'
            when rates.rate is null then 'rate_missing'
            when rates.stated_until <= taxable_lines.tax_on then 'rate_stale'
            else 'rate_in_force'
        end as tax_status
    from taxable_lines
    left join rates
        on
            taxable_lines.jurisdiction = rates.jurisdiction
            and taxable_lines.tax_code = rates.product_tax_code
            and taxable_lines.tax_on >= rates.valid_from
            and (taxable_lines.tax_on < rates.used_until or rates.used_until is null)
    left join exemptions
        on
            taxable_lines.account_id = exemptions.account_id
            and taxable_lines.jurisdiction = exemptions.jurisdiction
            and taxable_lines.tax_on >= exemptions.valid_from
            and (taxable_lines.tax_on < exemptions.valid_to or exemptions.valid_to is null)
),

final as (
    select
        charge_id,
        jurisdiction,
        tax_code,
        tax_on,
        taxable_minor,
        tax_rate,
        tax_status,
        {{ tax_minor('taxable_minor', 'tax_rate') }} as tax_minor
    from rated
)

select * from final
