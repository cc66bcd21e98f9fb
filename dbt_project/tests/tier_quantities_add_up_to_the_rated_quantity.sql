{#- Tiers split a quantity without losing any of it. Rows: tiered charges whose tiers hold another quantity. -#}
with

rated_lines as (
    select * from {{ ref('int_rating__rated_lines') }}
    where charge_model in ('graduated', 'volume') and rated_quantity > 0
),

tier_quantities as (
    select
        charge_id,
        basis,
        sum(tier_quantity) as tier_quantity
    from {{ ref('int_rating__tier_splits') }}
    group by charge_id, basis
)

select
    rated_lines.charge_id,
    rated_lines.basis,
    rated_lines.rated_quantity,
    tier_quantities.tier_quantity
from rated_lines
left join tier_quantities
    on
        rated_lines.charge_id = tier_quantities.charge_id
        and rated_lines.basis = tier_quantities.basis
where tier_quantities.tier_quantity is distinct from rated_lines.rated_quantity
