{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare('C5', left=ref('recon_c5__carried'), right=ref('recon_c5__closing')) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'AMOUNT': 'ROLL'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
