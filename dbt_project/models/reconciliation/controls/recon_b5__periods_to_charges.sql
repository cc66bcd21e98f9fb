{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'B5',
        left=ref('recon_b5__served_periods'),
        right=ref('recon_b5__rated_periods'),
        max_left=none,
        max_right=none
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome = 'QUANTITY' and left_quantity > right_quantity then 'FREE_SEATS'
            else {{ named_outcome({'MISSING_RIGHT': 'NEVER_RATED'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
