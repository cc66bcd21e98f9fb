with

lines as (
    select * from {{ ref('int_billing__discountable_lines') }}
),

discounts as (
    select * from {{ ref('int_billing__subscription_discounts') }}
),

coupon_products as (
    select * from {{ ref('stg_stripe__coupon_products') }}
),

limited_coupons as (
    select distinct coupon_id from coupon_products
),

line_products as (
    select
        prices.price_code,
        stripe_prices.product_id
    from {{ ref('int_catalog__prices') }} as prices
    inner join {{ ref('stg_stripe__prices') }} as stripe_prices on prices.stripe_price_id = stripe_prices.price_id
),

-- The discount that an order agreed for its own item comes first, then what stands on an item, then the
-- subscription's.
of_orders as (
    select
        lines.charge_id,
        0 as level_no,
        cast(0 as bigint) as position,
        'item ' || lines.subscription_item_id as coupon_name,
        cast(null as {{ text_type() }}) as coupon_id,
        lines.discount_percent as percent_off,
        cast(null as bigint) as amount_off_minor
    from lines
    where lines.discount_percent <> 0
),

of_coupons as (
    select
        lines.charge_id,
        case when discounts.subscription_item_id is null then 2 else 1 end as level_no,
        discounts.position,
        coalesce(discounts.subscription_item_id || ' ', '') || discounts.coupon_id as coupon_name,
        discounts.coupon_id,
        discounts.percent_off,
        discounts.amount_off_minor
    from lines
    inner join discounts
        on
            lines.billing_system = discounts.billing_system
            and lines.subscription_id = discounts.subscription_id
            and lines.invoiced_at >= discounts.valid_from
            and (lines.invoiced_at < discounts.valid_to or discounts.valid_to is null)
            and (
                lines.subscription_item_id = discounts.subscription_item_id
                or discounts.subscription_item_id is null
            )
    left join limited_coupons on discounts.coupon_id = limited_coupons.coupon_id
    left join line_products on lines.price_code = line_products.price_code
    left join coupon_products
        on
            discounts.coupon_id = coupon_products.coupon_id
            and line_products.product_id = coupon_products.product_id
    where limited_coupons.coupon_id is null or coupon_products.coupon_id is not null
),

coupons as (
    select * from of_orders
    union all
    select * from of_coupons
),

-- A credit line gives percentages back; a fixed amount is spread over what is charged.
valued as (
    select
        lines.document_id,
        lines.line_no,
        lines.charge_id,
        coupons.level_no,
        coupons.position,
        coupons.coupon_name,
        coupons.coupon_id,
        case when coupons.percent_off is not null then 'percent' else 'fixed' end as kind,
        coalesce(coupons.percent_off, coupons.amount_off_minor) as value,
        lines.discount_order,
        case
            when coupons.percent_off is not null and lines.percent_rounding = 'per_line' then 'line'
            else lines.discount_allocation
        end as allocation,
        lines.rounding_mode
    from lines
    inner join coupons on lines.charge_id = coupons.charge_id
    where coupons.percent_off is not null or (coupons.amount_off_minor is not null and lines.gross_minor > 0)
),

final as (
    select
        document_id,
        line_no,
        charge_id,
        dense_rank() over (
            partition by document_id
            order by {{ coupon_order('discount_order', 'kind') }}, level_no, position, coupon_name
        ) as coupon_no,
        dense_rank() over (partition by document_id order by level_no, position, coupon_name) as given_no,
        coupon_id,
        kind,
        value,
        allocation,
        rounding_mode
    from valued
)

select * from final
