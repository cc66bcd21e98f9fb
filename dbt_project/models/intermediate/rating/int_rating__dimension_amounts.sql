with

lines as (
    select * from {{ ref('int_rating__rateable_lines') }}
    where charge_model = 'matrix' and line_kind = 'usage'
),

group_quantities as (
    select * from {{ ref('int_rating__usage_group_quantities') }}
),

unit_amounts as (
    select * from {{ ref('int_catalog__price_unit_amounts') }}
),

splits as (
    select
        lines.charge_id,
        lines.basis,
        lines.price_code as line_id,
        cast(0 as bigint) as tier_no,
        lines.currency,
        lines.unit_amount_minor as other_unit_amount_minor,
        group_quantities.group_key as dimension_value,
        group_quantities.quantity as tier_units
    from lines
    inner join group_quantities
        on
            lines.basis = group_quantities.basis
            and lines.subscription_item_id = group_quantities.subscription_item_id
            and lines.period_start = group_quantities.period_start
),

prices as (
    select
        price_code as line_id,
        cast(0 as bigint) as tier_no,
        dimension_value,
        unit_amount_minor as unit_amount
    from unit_amounts
),

priced as (
    {{ dimension_amounts('splits', 'prices', other='other_unit_amount_minor') }}
),

final as (
    select
        charge_id,
        basis,
        dimension_value,
        currency,
        tier_units as rated_quantity,
        unit_amount as unit_amount_minor,
        amount as amount_exact
    from priced
)

select * from final
