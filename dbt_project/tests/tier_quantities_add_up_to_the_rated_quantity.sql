{#-
    Tiers split a quantity without losing any of it. Rows: tiered parts of charges whose tiers hold another quantity. A
    quantity that a conversion left as a fraction is compared to the millionth.
-#}
with

quantities as (
    select * from {{ ref('int_rating__rated_quantities') }}
    where charge_model in ('graduated', 'graduated_percentage', 'volume') and rated_quantity > 0
),

tier_quantities as (
    select
        charge_id,
        basis,
        part_no,
        sum(tier_quantity) as tier_quantity
    from {{ ref('int_rating__tier_splits') }}
    group by charge_id, basis, part_no
)

select
    quantities.charge_id,
    quantities.basis,
    quantities.part_no,
    quantities.rated_quantity,
    tier_quantities.tier_quantity
from quantities
left join tier_quantities
    on
        quantities.charge_id = tier_quantities.charge_id
        and quantities.basis = tier_quantities.basis
        and quantities.part_no = tier_quantities.part_no
where
    tier_quantities.tier_quantity is null
    or abs(tier_quantities.tier_quantity - quantities.rated_quantity)
    > case when quantities.rated_denominator = 1 then 0 else 0.000001 end
