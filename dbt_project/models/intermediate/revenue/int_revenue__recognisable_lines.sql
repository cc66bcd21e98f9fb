{%- set service_zone = "case when issued.line_kind = 'usage' then coalesce(accounts.timezone, 'UTC') else 'UTC' end" -%}
with

lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

accounts as (
    select * from {{ ref('int_customers__crosswalk') }}
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
),

-- A draft is not issued and a void is taken back: neither has a schedule.
issued as (
    select * from lines
    where is_billed
),

dated as (
    select
        issued.*,
        prices.product_code,
        prices.revenue_account,
        prices.meter_code,
        {{ local_date('issued.period_start', service_zone) }} as service_start_on,
        {{ local_date('issued.period_end', service_zone) }} as service_end_on
    from issued
    left join prices on issued.price_code = prices.price_code
    left join accounts on issued.account_id = accounts.account_id
),

-- The policies of the invoice's day hold for the line as long as it lives.
ruled as (
    select
        dated.*,
        {{ granularity_of_policy('granularities.value') }} as granularity,
        {{ leftover_units_of_policy('leftovers.value') }} as leftover_units
    from dated
    left join policies as granularities
        on
            granularities.policy = 'revenue_granularity'
            and dated.invoice_on >= granularities.valid_from
            and (granularities.valid_to is null or dated.invoice_on < granularities.valid_to)
    left join policies as leftovers
        on
            leftovers.policy = 'revenue_leftover_units'
            and dated.invoice_on >= leftovers.valid_from
            and (leftovers.valid_to is null or dated.invoice_on < leftovers.valid_to)
),

final as (
    select
        invoice_line_id,
        invoice_id,
        billing_system,
        account_id,
        price_code,
        product_code,
        revenue_account,
        meter_code,
        line_kind,
        invoice_on,
        period_start,
        period_end,
        service_start_on,
        service_end_on,
        currency,
        net_minor,
        coalesce(service_start_on < service_end_on, false) as has_service_dates,
        case
            when not coalesce(service_start_on < service_end_on, false) then 'at_once'
            when line_kind = 'usage' and meter_code is not null then 'usage'
            else 'straight_line'
        end as recognition_method,
        granularity,
        leftover_units
    from ruled
)

select * from final
