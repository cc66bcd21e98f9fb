with

lines as (
    select
        int_lines.*,
        coalesce(int_lines.billed_on, int_lines.dated_on) as rate_on
    from {{ ref('int_ledger__lines') }} as int_lines
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
    where policy = 'reporting_currency'
),

rates as (
    select * from {{ ref('int_fx__daily_rates') }}
    where status <> 'missing'
),

-- The currency of the books is that of the day of the rate: of the invoice, or of what is not billed yet the day from
-- which it is known. Without the policy it is the line's own.
foreign_lines as (
    select
        lines.*,
        lower(policies.value) as functional_currency
    from lines
    inner join policies
        on
            lines.rate_on >= policies.valid_from
            and (policies.valid_to is null or lines.rate_on < policies.valid_to)
    where lines.currency <> lower(policies.value)
),

rated as (
    select
        foreign_lines.ledger_line_id,
        foreign_lines.ledger_invoice_id,
        foreign_lines.currency,
        foreign_lines.functional_currency,
        foreign_lines.rate_on,
        foreign_lines.net_minor,
        foreign_lines.tax_minor,
        rates.rate_numerator,
        rates.rate_denominator,
        {{ currency_exponent('foreign_lines.currency') }} as exponent,
        {{ currency_exponent('foreign_lines.functional_currency') }} as functional_exponent
    from foreign_lines
    left join rates
        on
            foreign_lines.rate_on = rates.rate_on
            and foreign_lines.currency = rates.from_currency
            and foreign_lines.functional_currency = rates.to_currency
),

final as (
    select
        rated.*,
        cast({{ functional_minor('net_minor') }} as bigint) as functional_net_minor,
        cast({{ functional_minor('tax_minor') }} as bigint) as functional_tax_minor
    from rated
)

select * from final
