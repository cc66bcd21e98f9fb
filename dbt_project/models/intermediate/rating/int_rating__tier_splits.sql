with

quantities as (
    select * from {{ ref('int_rating__rated_quantities') }}
    where charge_model in ('graduated', 'graduated_percentage', 'volume')
),

tiers as (
    select * from {{ ref('int_catalog__price_tiers') }}
),

line_tiers as (
    select
        quantities.charge_id,
        quantities.basis,
        quantities.part_no,
        tiers.tier_no,
        quantities.currency,
        quantities.charge_model,
        quantities.rated_quantity,
        quantities.rated_numerator as quantity,
        quantities.rated_denominator as quantity_denominator,
        cast(null as {{ exact_number() }}) as selector_quantity,
        quantities.tier_select,
        quantities.zero_usage,
        {{ times('tiers.lower_bound', 'quantities.rated_denominator') }} as lower_bound,
        {{ times('tiers.upper_bound', 'quantities.rated_denominator') }} as upper_bound,
        tiers.unit_amount_minor as unit_amount,
        {{ times('tiers.flat_amount_minor', 'quantities.rated_denominator') }} as flat_amount,
        {{ times('tiers.cap_amount_minor', 'quantities.rated_denominator') }} as cap_amount,
        quantities.rated_denominator as amount_denominator,
        0 as tier_digits,
        cast(null as {{ text_type() }}) as tier_mode,
        tiers.lower_bound as tier_lower_bound,
        tiers.upper_bound as tier_upper_bound,
        tiers.flat_amount_minor,
        tiers.cap_amount_minor
    from quantities
    inner join tiers on quantities.price_code = tiers.price_code
),

splits as (
    {{ tier_splits('line_tiers', billed='0') }}
),

final as (
    select
        charge_id,
        basis,
        part_no,
        tier_no,
        currency,
        charge_model,
        rated_quantity,
        tier_lower_bound as lower_bound,
        tier_upper_bound as upper_bound,
        unit_amount as unit_amount_minor,
        flat_amount_minor,
        cap_amount_minor,
        is_entered,
        case
            when quantity_denominator = 1 then tier_quantity
            else {{ divide('tier_quantity', 'quantity_denominator') }}
        end as tier_quantity,
        case
            when amount_denominator = 1 then amount_numerator
            else {{ divide('amount_numerator', 'amount_denominator') }}
        end as amount_exact,
        amount_numerator
    from splits
    where tier_quantity > 0 or is_entered
)

select * from final
