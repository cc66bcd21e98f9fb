{{ config(materialized='view') }}

with

lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where not is_main_line and not is_tax_line and not is_deleted
),

sales_orders as (
    select * from {{ ref('stg_erp__transactions') }}
    where transaction_type = 'SalesOrd' and not is_deleted and status is distinct from 'C'
),

stripe_items as (
    select * from {{ ref('recon_o1__stripe_items') }}
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
    where erp_customer_id is not null
),

currencies as (
    select * from {{ ref('currencies') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- A line without the id of an order item has no key of one; it is its own.
final as (
    select
        coalesce(lines.order_item_id, 'line|' || lines.transaction_line_key) as tracking_key,
        lines.transaction_line_key as row_id,
        customers.account_id,
        lines.currency,
        {{ net_per_period('lines.quantity', 'lines.rate', 'lines.discount_percent', 'currencies.exponent') }}
            as amount_minor,
        lines.quantity,
        coalesce(lines.service_start_on, sales_orders.transaction_on, loads.delivered_on) as business_on,
        coalesce(lines.service_start_on, sales_orders.transaction_on, loads.delivered_on) as due_on,
        'sales order line ' || lines.transaction_line_key
        || coalesce(' (' || {{ file_line('loads', 'lines.line_no') }} || ')', '') as evidence,
        lines.service_start_on as start_on,
        lines.service_end_on as ends_on,
        lines.billing_frequency,
        {{ net_per_period('lines.quantity', 'lines.rate', '0', 'currencies.exponent') }} as gross_minor,
        coalesce(lines.discount_percent, 0) as discount_percent,
        cast(null as numeric) as step_before_quantity,
        0 as cancel_count,
        0 as amendment_count,
        0 as renewal_count
    from lines
    inner join sales_orders on lines.transaction_id = sales_orders.transaction_id
    inner join currencies on lines.currency = currencies.currency
    left join customers on sales_orders.customer_id = customers.erp_customer_id
    left join loads on lines.load_id = loads.load_id
    union all
    select
        order_item_id as tracking_key,
        subscription_item_id as row_id,
        account_id,
        currency,
        net_minor as amount_minor,
        quantity,
        start_on as business_on,
        start_on as due_on,
        'subscription item ' || subscription_item_id || coalesce(' (' || file_line || ')', '') as evidence,
        start_on,
        ends_on,
        cast(null as text) as billing_frequency,
        gross_minor,
        discount_percent,
        cast(null as numeric) as step_before_quantity,
        0 as cancel_count,
        0 as amendment_count,
        0 as renewal_count
    from stripe_items
)

select * from final
