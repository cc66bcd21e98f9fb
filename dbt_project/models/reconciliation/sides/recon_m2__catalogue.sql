{{ config(materialized='view') }}

with

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

loaded_prices as (
    select * from {{ ref('stg_catalog__prices') }}
    where not is_deleted
),

tiered as (
    select distinct price_code from {{ ref('stg_catalog__price_tiers') }}
    where not is_deleted
),

live_items as (
    select distinct price_id
    from {{ ref('stg_stripe__subscription_item_versions') }}
    where valid_to is null and status not in ('canceled', 'incomplete_expired')
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

-- A price is sold from valid_from to before valid_to; afterwards those who bought it may keep it (grandfathering).
stated as (
    select
        prices.*,
        prices.valid_from <= clock.as_of_on
        and (prices.valid_to is null or prices.valid_to > clock.as_of_on) as is_sold,
        tiered.price_code is not null as has_tiers,
        live_items.price_id is not null as is_kept,
        {{ file_line('loads', 'loaded_prices.line_no') }} as file_line
    from prices
    cross join clock
    inner join loaded_prices on prices.price_code = loaded_prices.price_code
    left join loads on loaded_prices.load_id = loads.load_id
    left join tiered on prices.price_code = tiered.price_code
    left join live_items on prices.stripe_price_id = live_items.price_id
),

-- Stripe states what is included, and every tier, as tiers of its own: those are compared tier by tier.
in_stripe as (
    select
        'stripe' as system,
        'stripe|' || stripe_price_id as tracking_key,
        price_code as row_id,
        product_code,
        currency,
        case
            when
                not has_tiers
                and coalesce(included_quantity, 0) = 0
                and charge_model in ('flat', 'per_unit', 'package')
                then unit_amount_minor
        end as quantity,
        valid_from as business_on,
        file_line,
        case billing_interval when 'quarter' then 'month' else billing_interval end as billing_interval,
        case billing_interval when 'quarter' then 3 * interval_count else interval_count end as interval_count,
        tax_code,
        cast(null as text) as revenue_account,
        case when is_sold then 'active' when is_kept then 'active or not' else 'inactive' end as state
    from stated
    where stripe_price_id is not null
),

in_crm as (
    select
        'crm' as system,
        'crm|' || crm_product_code || '|' || currency as tracking_key,
        price_code as row_id,
        product_code,
        currency,
        case when not has_tiers then unit_amount_minor end as quantity,
        valid_from as business_on,
        file_line,
        cast(null as text) as billing_interval,
        cast(null as bigint) as interval_count,
        cast(null as text) as tax_code,
        cast(null as text) as revenue_account,
        'active' as state
    from stated
    where crm_product_code is not null and is_sold
),

in_erp as (
    select
        'erp' as system,
        'erp|' || erp_item_id as tracking_key,
        max(price_code) as row_id,
        max(product_code) as product_code,
        max(currency) as currency,
        cast(null as numeric) as quantity,
        min(valid_from) as business_on,
        max(file_line) as file_line,
        cast(null as text) as billing_interval,
        cast(null as bigint) as interval_count,
        cast(null as text) as tax_code,
        max(revenue_account) as revenue_account,
        'active' as state
    from stated
    where erp_item_id is not null
    group by erp_item_id
),

named as (
    select * from in_stripe
    union all
    select * from in_crm
    union all
    select * from in_erp
),

final as (
    select
        tracking_key,
        row_id,
        cast(null as text) as account_id,
        currency,
        cast(null as bigint) as amount_minor,
        cast(quantity as numeric) as quantity,
        business_on,
        business_on as due_on,
        'price ' || row_id || coalesce(' (' || file_line || ')', '') as evidence,
        system,
        product_code,
        billing_interval,
        interval_count,
        tax_code,
        revenue_account,
        state
    from named
)

select * from final
