with

invoice_lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
    where is_billed
),

final as (
    select
        {{ month_start('invoice_on') }} as period_month,
        currency,
        cast(sum(net_minor + tax_minor) as bigint) as billed_minor
    from invoice_lines
    group by {{ month_start('invoice_on') }}, currency
)

select * from final
