{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare('G2', left=ref('recon_g2__deferred_booked'), right=ref('recon_g2__deferred_in_gl')) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'AMOUNT': 'ROLL', 'MISSING_LEFT': 'ROLL', 'MISSING_RIGHT': 'ROLL'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
