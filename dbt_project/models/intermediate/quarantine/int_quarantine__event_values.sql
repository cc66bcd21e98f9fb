{{ config(materialized='view') }}

with

events as (
    select * from {{ ref('stg_ops__quarantined_events') }}
),

measured as (
    select * from {{ ref('int_usage__meters') }}
),

meters as (
    select * from {{ ref('stg_catalog__meters') }}
),

item_versions as (
    select * from {{ ref('int_rating__metered_item_versions') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
    where charge_model = 'per_unit'
),

averages as (
    select * from {{ ref('int_quarantine__meter_prices') }}
),

metered as (
    select
        events.load_id,
        events.line_no,
        events.account_id,
        events.occurred_at,
        measured.meter_code,
        case
            when meters.quantity_field is null then 1
            else coalesce(events.quantity, {{ to_numeric(json_text_by('events.data', 'meters.quantity_field')) }})
        end as quantity
    from events
    inner join measured on events.event_type = measured.event_type
    inner join meters on measured.meter_code = meters.meter_code
),

-- The customer's price when the event happened, if one price by the unit is all there is to it.
customer_prices as (
    select
        metered.load_id,
        metered.line_no,
        min(prices.currency) as currency,
        min(prices.unit_amount_minor) as unit_amount_minor
    from metered
    inner join item_versions
        on
            metered.account_id = item_versions.account_id
            and metered.meter_code = item_versions.meter_code
            and metered.occurred_at >= item_versions.valid_from
            and (metered.occurred_at < item_versions.valid_to or item_versions.valid_to is null)
    inner join prices on item_versions.price_code = prices.price_code
    group by metered.load_id, metered.line_no
    having count(*) = 1
),

final as (
    select
        metered.load_id,
        metered.line_no,
        coalesce(customer_prices.currency, averages.currency) as currency,
        case
            when customer_prices.currency is not null
                then {{ round_minor('metered.quantity * customer_prices.unit_amount_minor') }}
            else {{ round_ratio('metered.quantity * averages.gross_minor', 'averages.quantity') }}
        end as estimated_minor,
        case
            when customer_prices.currency is not null then 'price of the customer'
            else 'average rated price of the meter'
        end as method
    from metered
    left join customer_prices
        on metered.load_id = customer_prices.load_id and metered.line_no = customer_prices.line_no
    left join averages on metered.meter_code = averages.meter_code
    -- beyond this a quantity is a mistake itself, and no estimate of its worth is one
    where abs(metered.quantity) < 1000000000000 and coalesce(customer_prices.currency, averages.currency) is not null
)

select * from final
