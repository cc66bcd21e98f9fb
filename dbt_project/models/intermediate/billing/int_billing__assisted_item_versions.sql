with

order_items as (
    select * from {{ ref('stg_crm__order_items') }}
    where not is_deleted
),

orders as (
    select * from {{ ref('stg_crm__orders') }}
    where not is_deleted and status = 'Activated'
),

contracts as (
    select * from {{ ref('stg_crm__contracts') }}
    where not is_deleted
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        contracts.contract_id as subscription_id,
        order_items.order_item_id as subscription_item_id,
        order_items.original_order_item_id,
        orders.order_id,
        orders.crm_account_id,
        order_items.price_code,
        order_items.quantity,
        case
            when prices.kind = 'recurring' then {{ minor_units_exact('order_items.unit_price', 'currencies.exponent') }}
        end as negotiated_amount_minor,
        order_items.discount_percent,
        prices.currency,
        {{ start_of_utc_day('coalesce(order_items.service_on, orders.effective_on)') }} as valid_from,
        {{ start_of_utc_day('coalesce(order_items.end_on, orders.end_on, contracts.end_on)') }} as valid_to,
        {{ start_of_utc_day('contracts.start_on') }} as anchor_at,
        {{ billing_interval_of('order_items.billing_frequency') }} as billing_interval,
        1 as interval_count
    from order_items
    inner join orders on order_items.order_id = orders.order_id
    inner join contracts on orders.contract_id = contracts.contract_id
    inner join prices on order_items.price_code = prices.price_code
    inner join currencies on prices.currency = currencies.currency
)

select * from final
