with

lines as (
    select * from {{ ref('int_billing__discountable_lines') }}
),

discounts as (
    select * from {{ ref('int_billing__line_discounts') }}
),

line_tax_rates as (
    select * from {{ ref('int_billing__line_tax_rates') }}
),

inclusive_prices as (
    select prices.price_code
    from {{ ref('int_catalog__prices') }} as prices
    inner join {{ ref('stg_stripe__prices') }} as stripe_prices on prices.stripe_price_id = stripe_prices.price_id
    where stripe_prices.tax_behavior = 'inclusive'
),

taxable_lines as (
    select
        lines.document_id,
        lines.line_no,
        discounts.taxable_numerator,
        discounts.taxable_scale as scale,
        lines.billing_system = 'stripe' and inclusive_prices.price_code is not null as is_inclusive,
        lines.tax_rounding,
        0 as digits,
        lines.rounding_mode as mode
    from lines
    inner join discounts on lines.charge_id = discounts.charge_id
    left join inclusive_prices on lines.price_code = inclusive_prices.price_code
),

rates as (
    select
        document_id,
        line_no,
        jurisdiction || '|' || component || '|' || cast(tax_rate as {{ text_type() }}) as rate_key,
        tax_rate as rate_numerator,
        1 as rate_scale
    from line_tax_rates
    where tax_rate <> 0
),

taxes as (
    {{ document_taxes('taxable_lines', 'rates') }}
),

taxes_of_lines as (
    select
        document_id,
        line_no,
        sum(case when is_inclusive then 0 else tax end) as tax_minor,
        sum(case when is_inclusive then tax else 0 end) as included_tax_minor
    from taxes
    group by document_id, line_no
),

-- Of several rates the least certain one gives the status.
rates_of_lines as (
    select
        charge_id,
        max(jurisdiction) as jurisdiction,
        max(tax_code) as tax_code,
        max(tax_on) as tax_on,
        sum(tax_rate) as tax_rate,
        case max(case tax_status
            when 'rate_in_force' then 0
            when 'rate_stale' then 1
            when 'rate_missing' then 2
            when 'exempt' then 3
            else 4
        end)
            when 0 then 'rate_in_force'
            when 1 then 'rate_stale'
            when 2 then 'rate_missing'
            when 3 then 'exempt'
            else 'reverse_charge'
        end as tax_status
    from line_tax_rates
    group by charge_id
),

final as (
    select
        lines.charge_id,
        rates_of_lines.jurisdiction,
        rates_of_lines.tax_code,
        rates_of_lines.tax_on,
        lines.gross_minor - discounts.discount_minor as taxable_minor,
        rates_of_lines.tax_rate,
        rates_of_lines.tax_status,
        cast(coalesce(taxes_of_lines.tax_minor, 0) as bigint) as tax_minor,
        cast(coalesce(taxes_of_lines.included_tax_minor, 0) as bigint) as included_tax_minor
    from lines
    inner join discounts on lines.charge_id = discounts.charge_id
    inner join rates_of_lines on lines.charge_id = rates_of_lines.charge_id
    left join taxes_of_lines
        on lines.document_id = taxes_of_lines.document_id and lines.line_no = taxes_of_lines.line_no
)

select * from final
