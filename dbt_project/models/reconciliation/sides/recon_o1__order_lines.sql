{{ config(materialized='view') }}

with

order_items as (
    select * from {{ ref('stg_crm__order_items') }}
    where not is_deleted
),

orders as (
    select * from {{ ref('stg_crm__orders') }}
    where not is_deleted
),

-- An order counts once it is activated, and also when the deal behind it is won and nobody activated it.
won_quotes as (
    select quotes.quote_id
    from {{ ref('stg_crm__quotes') }} as quotes
    inner join {{ ref('stg_crm__opportunities') }} as opportunities
        on quotes.opportunity_id = opportunities.opportunity_id
    where opportunities.is_won and not quotes.is_deleted and not opportunities.is_deleted
),

contracts as (
    select * from {{ ref('stg_crm__contracts') }}
    where not is_deleted
),

accounts as (
    select * from {{ ref('int_customers__crosswalk') }}
    where crm_account_id is not null
),

currencies as (
    select * from {{ ref('currencies') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

booked as (
    select
        order_items.*,
        orders.order_number,
        orders.crm_account_id,
        orders.is_reduction,
        orders.original_order_id,
        coalesce(order_items.service_on, orders.effective_on) as start_on,
        coalesce(order_items.end_on, orders.end_on, contracts.end_on) as ends_on,
        {{ utc_date('orders.activated_at') }} as activated_on,
        lag(order_items.quantity) over (
            partition by order_items.order_id, order_items.pricebook_entry_id
            order by order_items.service_on, order_items.order_item_id
        ) as step_before_quantity
    from order_items
    inner join orders on order_items.order_id = orders.order_id
    left join contracts on orders.contract_id = contracts.contract_id
    left join won_quotes on orders.quote_id = won_quotes.quote_id
    where orders.status = 'Activated' or won_quotes.quote_id is not null
),

-- Where no sales order was ever delivered, none is awaited.
final as (
    select
        booked.order_item_id as tracking_key,
        booked.order_item_id as row_id,
        accounts.account_id,
        booked.currency,
        {{ net_per_period(
            'booked.quantity', 'booked.unit_price', 'booked.discount_percent', 'currencies.exponent'
        ) }} as amount_minor,
        booked.quantity,
        booked.start_on as business_on,
        greatest(booked.start_on, booked.activated_on) as due_on,
        'order item ' || booked.order_item_id || ' of ' || booked.order_number
        || coalesce(' (' || {{ file_line('loads', 'booked.line_no') }} || ')', '') as evidence,
        booked.start_on,
        booked.ends_on,
        booked.billing_frequency,
        {{ net_per_period('booked.quantity', 'booked.unit_price', '0', 'currencies.exponent') }} as gross_minor,
        coalesce(booked.discount_percent, 0) as discount_percent,
        booked.step_before_quantity,
        case when booked.is_reduction and booked.quantity + originals.quantity <= 0 then 1 else 0 end as cancel_count,
        case when booked.original_order_id is not null then 1 else 0 end as amendment_count,
        case when originals_of_orders.end_on <= booked.start_on then 1 else 0 end as renewal_count
    from booked
    inner join currencies on booked.currency = currencies.currency
    left join order_items as originals on booked.original_order_item_id = originals.order_item_id
    left join orders as originals_of_orders on booked.original_order_id = originals_of_orders.order_id
    left join accounts on booked.crm_account_id = accounts.crm_account_id
    left join loads on booked.load_id = loads.load_id
    where exists (select 1 from {{ ref('recon_o1__contract_lines') }})
)

select * from final
