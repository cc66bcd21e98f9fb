{#- As delivered, before a price is looked up: an item that no catalogue knows is sold all the same. -#}
{{ config(materialized='view') }}

with

stripe_items as (
    select
        items.*,
        row_number() over (
            partition by items.subscription_item_id order by items.valid_from, items.event_id
        ) as version_no
    from {{ ref('stg_stripe__subscription_item_versions') }} as items
    where
        items.status in ('active', 'trialing', 'past_due')
        and (items.valid_to is null or items.valid_from < items.valid_to)
),

order_items as (
    select * from {{ ref('stg_crm__order_items') }}
    where not is_deleted
),

orders as (
    select * from {{ ref('stg_crm__orders') }}
    where not is_deleted and status = 'Activated'
),

accounts as (
    select * from {{ ref('int_customers__crosswalk') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

cadences as (
    select
        billing_system,
        subscription_item_id,
        max({{ months_of('billing_interval', 'interval_count') }}) as months,
        max({{ days_of('billing_interval', 'interval_count') }}) as days
    from {{ ref('int_billing__subscription_item_versions') }}
    group by billing_system, subscription_item_id
),

sold as (
    select
        'stripe' as billing_system,
        stripe_items.subscription_item_id,
        accounts.account_id,
        stripe_items.currency,
        {{ utc_date('stripe_items.valid_from') }} as from_on,
        stripe_items.load_id,
        stripe_items.line_no
    from stripe_items
    left join accounts on stripe_items.customer_id = accounts.stripe_customer_id
    where stripe_items.version_no = 1
    union all
    select
        'erp' as billing_system,
        order_items.order_item_id as subscription_item_id,
        accounts.account_id,
        order_items.currency,
        coalesce(order_items.service_on, orders.effective_on) as from_on,
        order_items.load_id,
        order_items.line_no
    from order_items
    inner join orders on order_items.order_id = orders.order_id
    left join accounts on orders.crm_account_id = accounts.crm_account_id
),

-- The first bill may be one period away, and usage is billed after it: by then everything that was sold is rated.
final as (
    select
        sold.billing_system || '|' || sold.subscription_item_id as tracking_key,
        sold.billing_system || '|' || sold.subscription_item_id as row_id,
        sold.account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        sold.from_on as business_on,
        {{ add_days('sold.from_on', 'coalesce(cadences.days, 0) + 31 * coalesce(cadences.months, 1) + 3') }} as due_on,
        sold.billing_system || ' item ' || sold.subscription_item_id
        || coalesce(' (' || {{ file_line('loads', 'sold.line_no') }} || ')', '') as evidence
    from sold
    left join loads on sold.load_id = loads.load_id
    left join cadences
        on sold.billing_system = cadences.billing_system and sold.subscription_item_id = cadences.subscription_item_id
)

select * from final
