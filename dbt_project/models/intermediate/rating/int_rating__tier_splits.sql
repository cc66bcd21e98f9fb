{%- set quantity_and_bounds = ['lines.rated_quantity', 'tiers.lower_bound', 'tiers.upper_bound'] -%}
{%- set amounts = ['tiers.unit_amount_minor', 'tiers.flat_amount_minor'] -%}
with

lines as (
    select * from {{ ref('int_rating__rateable_lines') }}
    where charge_model in ('graduated', 'volume')
),

tiers as (
    select * from {{ ref('int_catalog__price_tiers') }}
),

split as (
    select
        lines.charge_id,
        lines.basis,
        tiers.tier_no,
        lines.currency,
        lines.charge_model,
        lines.rated_quantity,
        tiers.lower_bound,
        tiers.upper_bound,
        tiers.unit_amount_minor,
        tiers.flat_amount_minor,
        case
            when lines.charge_model = 'graduated'
                then {{ units_in_tier(*quantity_and_bounds) }}
            when {{ is_volume_tier(*quantity_and_bounds) }}
                then lines.rated_quantity
            else 0
        end as tier_quantity,
        case
            when lines.charge_model = 'graduated'
                then {{ graduated_tier_amount(*(quantity_and_bounds + amounts)) }}
            else {{ volume_tier_amount(*(quantity_and_bounds + amounts)) }}
        end as amount_exact
    from lines
    inner join tiers on lines.price_code = tiers.price_code
),

final as (
    select * from split
    where tier_quantity > 0
)

select * from final
