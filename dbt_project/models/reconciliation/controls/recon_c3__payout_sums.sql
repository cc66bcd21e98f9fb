{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C3',
        left=ref('recon_c3__member_sums'),
        right=ref('recon_c3__payouts'),
        max_left=none
    ) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({
            'MISSING_LEFT': 'PAYOUT_SUM', 'MISSING_RIGHT': 'PAYOUT_SUM', 'AMOUNT': 'PAYOUT_SUM', 'CURRENCY': 'CUR_BUCKET',
        }) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
