{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'U5',
        left=ref('recon_u5__live_meters'),
        right=ref('recon_u5__meters_in_use')
    ) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'MISSING_RIGHT': 'ZERO_USAGE'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
