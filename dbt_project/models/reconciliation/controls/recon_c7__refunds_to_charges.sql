{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare('C7', left=ref('recon_c7__refundable'), right=ref('recon_c7__refunded'), max_right=none) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'AMOUNT': 'REFUND_GT_CHARGE', 'MISSING_LEFT': 'REFUND_GT_CHARGE'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
