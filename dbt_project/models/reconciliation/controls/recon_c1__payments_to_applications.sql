{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C1',
        left=ref('recon_c1__received'),
        right=ref('recon_c1__applied'),
        max_right=none,
        in_parts=true
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome = 'AMOUNT' and right_amount_minor > left_amount_minor then 'MISAPPLIED'
            else {{ named_outcome({'MISSING_RIGHT': 'UNAPPLIED', 'AMOUNT': 'UNAPPLIED', 'MISSING_LEFT': 'MISAPPLIED'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
