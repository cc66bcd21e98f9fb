with

coupons as (
    select * from {{ latest_version(source('stripe', 'coupons')) }} as latest
),

final as (
    select
        coupons.record_id as coupon_id,
        {{ json_scalar_text('products.element') }} as product_id,
        coupons.load_id,
        coupons.line_no,
        coupons.delivered_on
    from coupons
    cross join {{ json_array_elements(json_node('coupons.payload', 'applies_to', 'products'), 'products') }}
    where not coupons.is_deleted
)

select * from final
