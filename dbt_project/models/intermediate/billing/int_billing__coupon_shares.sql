{%- set most_coupons = 'select max(coupon_no) from ' ~ ref('int_billing__line_coupons') -%}
with

line_coupons as (
    select * from {{ ref('int_billing__line_coupons') }}
),

discountable_lines as (
    select * from {{ ref('int_billing__discountable_lines') }}
),

documents as (
    select distinct document_id from line_coupons
),

lines as (
    select
        discountable_lines.document_id,
        discountable_lines.line_no,
        discountable_lines.gross_minor as amount_numerator,
        1 as scale
    from discountable_lines
    inner join documents on discountable_lines.document_id = documents.document_id
),

coupons as (
    select distinct
        document_id,
        coupon_no,
        kind,
        value as value_numerator,
        1 as value_denominator,
        allocation,
        0 as digits,
        rounding_mode as mode
    from line_coupons
),

walk as (
    {{ take_coupons('lines', 'coupons', 'line_coupons', most_coupons) }}
),

final as (
    select
        discountable_lines.charge_id,
        walk.coupon_no,
        walk.document_id,
        walk.line_no,
        line_coupons.coupon_id,
        line_coupons.kind,
        line_coupons.value,
        discountable_lines.currency,
        walk.taken_numerator,
        walk.held_numerator,
        walk.scale,
        walk.is_last
    from walk
    inner join discountable_lines
        on walk.document_id = discountable_lines.document_id and walk.line_no = discountable_lines.line_no
    left join line_coupons
        on
            walk.document_id = line_coupons.document_id
            and walk.line_no = line_coupons.line_no
            and walk.coupon_no = line_coupons.coupon_no
    where walk.coupon_no > 0
)

select * from final
