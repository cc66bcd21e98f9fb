{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare('G2', left=ref('recon_g2__unbilled_booked'), right=ref('recon_g2__unbilled_in_gl')) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'AMOUNT': 'UNBILLED', 'MISSING_LEFT': 'UNBILLED', 'MISSING_RIGHT': 'UNBILLED'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
