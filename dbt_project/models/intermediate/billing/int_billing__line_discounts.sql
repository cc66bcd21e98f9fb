with

lines as (
    select * from {{ ref('int_billing__discountable_lines') }}
),

shares as (
    select * from {{ ref('int_billing__coupon_shares') }}
),

discounted as (
    {{ discounts_of_lines('lines', 'shares') }}
),

coupons as (
    select
        charge_id,
        {{ joined_text('coupon_id') }} as coupon_id,
        case sum(case when kind = 'percent' then 1 else 0 end)
            when 0 then 0
            when 1 then max(case when kind = 'percent' then value end)
        end as percent_off
    from shares
    group by charge_id
),

final as (
    select
        lines.charge_id,
        lines.document_id,
        lines.line_no,
        lines.currency,
        coupons.coupon_id,
        case when coupons.charge_id is null then 0 else coupons.percent_off end as percent_off,
        discounted.taxable_numerator,
        discounted.taxable_scale,
        discounted.discount_minor
    from lines
    inner join discounted on lines.document_id = discounted.document_id and lines.line_no = discounted.line_no
    left join coupons on lines.charge_id = coupons.charge_id
)

select * from final
