{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'M2',
        left=ref('recon_m2__catalogue_tiers'),
        right=ref('recon_m2__stripe_tiers'),
        carry=['up_to', 'flat_amount_minor']
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome in ('MISSING_RIGHT', 'MISSING_LEFT') then 'TIER_BOUND'
            when outcome in ('MATCHED', 'QUANTITY') and left_up_to is distinct from right_up_to then 'TIER_BOUND'
            when outcome = 'QUANTITY' then 'AMOUNT'
            when outcome = 'MATCHED' and left_flat_amount_minor <> right_flat_amount_minor then 'AMOUNT'
            else {{ named_outcome() }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['up_to', 'flat_amount_minor'], counted='1') }}
)

select * from final
