{{ config(indexes=[{'columns': ['charge_id', 'part_no', 'tier_no'], 'unique': true}]) }}

with

tier_splits as (
    select * from {{ ref('int_rating__tier_splits') }}
    where basis = 'as_invoiced'
),

final as (
    select
        charge_id,
        part_no,
        tier_no,
        currency,
        charge_model,
        lower_bound,
        upper_bound,
        unit_amount_minor,
        flat_amount_minor,
        cap_amount_minor,
        is_entered,
        tier_quantity,
        amount_exact
    from tier_splits
)

select * from final
