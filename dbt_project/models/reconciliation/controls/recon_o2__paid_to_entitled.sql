{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'O2',
        left=ref('recon_o2__paid_quantities'),
        right=ref('recon_o2__entitlements'),
        carry=['plan_code'],
        max_left=none
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome = 'MISSING_RIGHT' then 'ENT_UNDER'
            when outcome = 'MISSING_LEFT' then 'ENT_OVER'
            when outcome = 'QUANTITY' and left_quantity > right_quantity then 'ENT_UNDER'
            when outcome = 'QUANTITY' then 'ENT_OVER'
            else {{ named_outcome() }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['plan_code']) }}
)

select * from final
