with

final as (
    select
        charge_id,
        basis,
        part_no,
        'tier' as part_kind,
        amount_numerator
    from {{ ref('int_rating__tier_splits') }}
    union all
    select
        charge_id,
        basis,
        part_no,
        'block' as part_kind,
        amount_numerator
    from {{ ref('int_rating__block_counts') }}
    union all
    select
        charge_id,
        basis,
        1 as part_no,
        'transaction' as part_kind,
        amount_exact as amount_numerator
    from {{ ref('int_rating__transaction_amounts') }}
    union all
    select
        charge_id,
        basis,
        1 as part_no,
        'dimension' as part_kind,
        amount_exact as amount_numerator
    from {{ ref('int_rating__dimension_amounts') }}
)

select * from final
