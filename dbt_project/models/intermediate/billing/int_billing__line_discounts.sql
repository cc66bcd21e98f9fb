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

-- A minimum that looks at what is left after discounts is what no discount goes below.
limits as (
    select
        lines.charge_id,
        least(lines.minimum_minor, lines.gross_minor) as least_minor
    from lines
    inner join discounted on lines.document_id = discounted.document_id and lines.line_no = discounted.line_no
    where
        lines.minimum_basis = 'after_discounts'
        and lines.minimum_minor is not null
        and lines.gross_minor > 0
        and lines.gross_minor - discounted.discount_minor < least(lines.minimum_minor, lines.gross_minor)
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
        coalesce(limits.least_minor, discounted.taxable_numerator) as taxable_numerator,
        case when limits.charge_id is null then discounted.taxable_scale else 1 end as taxable_scale,
        coalesce(lines.gross_minor - limits.least_minor, discounted.discount_minor) as discount_minor
    from lines
    inner join discounted on lines.document_id = discounted.document_id and lines.line_no = discounted.line_no
    left join limits on lines.charge_id = limits.charge_id
    left join coupons on lines.charge_id = coupons.charge_id
)

select * from final
