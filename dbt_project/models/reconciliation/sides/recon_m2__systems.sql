{{ config(materialized='view') }}

with

stripe_prices as (
    select * from {{ ref('stg_stripe__prices') }}
    where not is_deleted
),

stripe_products as (
    select * from {{ ref('stg_stripe__products') }}
    where not is_deleted
),

pricebook_entries as (
    select * from {{ ref('stg_crm__pricebook_entries') }}
    where not is_deleted and is_active
),

erp_items as (
    select * from {{ ref('stg_erp__items') }}
    where not is_deleted
),

erp_accounts as (
    select * from {{ ref('stg_erp__accounts') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

catalogue as (
    select * from {{ ref('recon_m2__catalogue') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

in_stripe as (
    select
        'stripe' as system,
        'stripe|' || stripe_prices.price_id as tracking_key,
        stripe_prices.price_id as row_id,
        stripe_prices.currency,
        case
            when coalesce(stripe_prices.billing_scheme, '') <> 'tiered' then stripe_prices.unit_amount_minor
        end as quantity,
        stripe_prices.delivered_on,
        stripe_prices.billing_interval,
        stripe_prices.interval_count,
        stripe_products.tax_code,
        cast(null as text) as revenue_account,
        case when stripe_prices.is_active then 'active' else 'inactive' end as state,
        stripe_prices.load_id,
        stripe_prices.line_no
    from stripe_prices
    left join stripe_products on stripe_prices.product_id = stripe_products.product_id
),

-- Price books for single customers differ on purpose: the catalogue's price must stand in one of them.
ranked_entries as (
    select
        'crm|' || pricebook_entries.product_code || '|' || pricebook_entries.currency as tracking_key,
        pricebook_entries.*,
        catalogue.quantity as listed_minor,
        {{ minor_units_exact('pricebook_entries.unit_price', 'currencies.exponent') }} as unit_amount_minor,
        row_number() over (
            partition by pricebook_entries.product_code, pricebook_entries.currency
            order by
                case
                    when
                        {{ minor_units_exact('pricebook_entries.unit_price', 'currencies.exponent') }}
                        = catalogue.quantity then 0
                    else 1
                end,
                pricebook_entries.pricebook_entry_id
        ) as place
    from pricebook_entries
    inner join currencies on pricebook_entries.currency = currencies.currency
    inner join catalogue
        on 'crm|' || pricebook_entries.product_code || '|' || pricebook_entries.currency = catalogue.tracking_key
),

in_crm as (
    select
        'crm' as system,
        tracking_key,
        pricebook_entry_id as row_id,
        currency,
        case when listed_minor is not null then unit_amount_minor end as quantity,
        delivered_on,
        cast(null as text) as billing_interval,
        cast(null as bigint) as interval_count,
        cast(null as text) as tax_code,
        cast(null as text) as revenue_account,
        'active' as state,
        load_id,
        line_no
    from ranked_entries
    where place = 1
),

-- The ERP has items of its own, which no published price is about.
in_erp as (
    select
        'erp' as system,
        'erp|' || erp_items.item_id as tracking_key,
        erp_items.item_id as row_id,
        catalogue.currency,
        cast(null as numeric) as quantity,
        erp_items.delivered_on,
        cast(null as text) as billing_interval,
        cast(null as bigint) as interval_count,
        cast(null as text) as tax_code,
        erp_accounts.account_number as revenue_account,
        'active' as state,
        erp_items.load_id,
        erp_items.line_no
    from erp_items
    inner join catalogue on 'erp|' || erp_items.item_id = catalogue.tracking_key
    left join erp_accounts on erp_items.income_account_id = erp_accounts.account_id
),

named as (
    select * from in_stripe
    union all
    select * from in_crm
    union all
    select * from in_erp
),

-- What Stripe no longer sells and the catalogue never heard of is history.
final as (
    select
        named.tracking_key,
        named.row_id,
        cast(null as text) as account_id,
        named.currency,
        cast(null as bigint) as amount_minor,
        named.quantity,
        named.delivered_on as business_on,
        cast('1900-01-01' as date) as due_on,
        'record ' || named.row_id
        || coalesce(' (' || {{ file_line('loads', 'named.line_no') }} || ')', '') as evidence,
        named.system,
        cast(null as text) as product_code,
        named.billing_interval,
        named.interval_count,
        named.tax_code,
        named.revenue_account,
        named.state
    from named
    left join catalogue on named.tracking_key = catalogue.tracking_key
    left join loads on named.load_id = loads.load_id
    where catalogue.tracking_key is not null or named.state = 'active'
)

select * from final
