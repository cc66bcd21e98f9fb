with

quantities as (
    select * from {{ ref('int_rating__rated_quantities') }}
    where charge_model = 'blocks'
),

tiers as (
    select * from {{ ref('int_catalog__price_tiers') }}
),

unit_tiers as (
    select
        quantities.charge_id,
        quantities.basis,
        quantities.part_no,
        tiers.tier_no,
        quantities.currency,
        coalesce(quantities.block_mode, 'all_tiers') as block_mode,
        quantities.rated_numerator as quantity,
        quantities.rated_denominator,
        {{ times('tiers.block_size', 'quantities.rated_denominator') }} as block_size,
        tiers.max_blocks,
        tiers.unit_amount_minor as block_amount
    from quantities
    inner join tiers on quantities.price_code = tiers.price_code
),

counted as (
    {{ block_counts('unit_tiers', 'charge_id, basis, part_no') }}
),

final as (
    select
        charge_id,
        basis,
        part_no,
        tier_no,
        currency,
        block_mode,
        block_count,
        block_amount as unit_amount_minor,
        amount as amount_exact,
        {{ times('amount', 'rated_denominator') }} as amount_numerator
    from counted
    where block_count > 0
)

select * from final
