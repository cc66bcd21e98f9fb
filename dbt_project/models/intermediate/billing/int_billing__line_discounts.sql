with

lines as (
    select * from {{ ref('int_billing__discountable_lines') }}
),

shares as (
    select * from {{ ref('int_billing__coupon_shares') }}
),

-- What a line gives up is told in whole minor units; the invoice's discount is the sum that its coupons make.
items as (
    select
        shares.document_id as allocation_id,
        shares.line_no as item_no,
        shares.charge_id,
        shares.held_numerator,
        shares.scale,
        lines.gross_minor * shares.scale - shares.held_numerator as share_numerator,
        shares.scale as share_denominator,
        0 as digits,
        cast(null as numeric) as tie_key,
        {{ round_ratio_as(
            '(sum(lines.gross_minor * shares.scale - shares.held_numerator) over (partition by shares.document_id))',
            'shares.scale', '0', 'lines.rounding_mode'
        ) }} as total
    from shares
    inner join lines on shares.charge_id = lines.charge_id
    where shares.is_last
),

told as (
    {{ whole_shares('items') }}
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
        coalesce(told.held_numerator, lines.gross_minor) as taxable_numerator,
        coalesce(told.scale, 1) as taxable_scale,
        cast(coalesce(told.part, 0) as bigint) as discount_minor
    from lines
    left join told on lines.charge_id = told.charge_id
    left join coupons on lines.charge_id = coupons.charge_id
)

select * from final
