{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare('G3', left=ref('recon_g3__revenue_booked'), right=ref('recon_g3__revenue_in_gl')) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'AMOUNT': 'REV_DIFF', 'MISSING_LEFT': 'REV_DIFF', 'MISSING_RIGHT': 'REV_DIFF'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
