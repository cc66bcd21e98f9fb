with

lines as (
    select * from {{ ref('int_billing__discountable_lines') }}
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

taxable_lines as (
    select
        lines.charge_id,
        lines.document_id,
        lines.line_no,
        lines.account_id,
        customers.country as jurisdiction,
        prices.tax_code,
        {{ utc_date('lines.invoiced_at') }} as tax_on
    from lines
    inner join prices on lines.price_code = prices.price_code
    left join customers on lines.account_id = customers.account_id
),

rates as (
    select * from {{ ref('int_billing__tax_rates') }}
),

exemptions as (
    select * from {{ ref('int_billing__tax_exemptions') }}
),

final as (
    select
        taxable_lines.charge_id,
        taxable_lines.document_id,
        taxable_lines.line_no,
        taxable_lines.jurisdiction,
        taxable_lines.tax_code,
        taxable_lines.tax_on,
        coalesce(rates.component, 'tax') as component,
        case when exemptions.account_id is null then coalesce(rates.rate, 0) else 0 end as tax_rate,
        case
            when exemptions.reason = 'reverse_charge' then 'reverse_charge'
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
)

select * from final
