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

quotes as (
    select * from {{ ref('stg_crm__quotes') }}
    where not is_deleted and status in ('Accepted', 'Approved')
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

final as (
    select
        orders.quote_id || '|' || order_items.pricebook_entry_id as tracking_key,
        order_items.order_item_id as row_id,
        accounts.account_id,
        order_items.currency,
        {{ net_per_period(
            'order_items.quantity', 'order_items.unit_price', 'order_items.discount_percent', 'currencies.exponent'
        ) }} as amount_minor,
        order_items.quantity,
        orders.effective_on as business_on,
        orders.effective_on as due_on,
        'order item ' || order_items.order_item_id || ' of ' || orders.order_number
        || coalesce(' (' || {{ file_line('loads', 'order_items.line_no') }} || ')', '') as evidence,
        order_items.unit_price,
        order_items.list_price,
        0 as changed_count,
        0 as unapproved_count
    from order_items
    inner join orders on order_items.order_id = orders.order_id
    inner join quotes on orders.quote_id = quotes.quote_id
    inner join currencies on order_items.currency = currencies.currency
    left join accounts on orders.crm_account_id = accounts.crm_account_id
    left join loads on order_items.load_id = loads.load_id
)

select * from final
