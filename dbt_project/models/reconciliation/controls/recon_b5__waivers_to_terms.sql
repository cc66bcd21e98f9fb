{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'B5',
        left=ref('recon_b5__waivers_attached'),
        right=ref('recon_b5__waivers_in_term'),
        max_left=none,
        max_right=none
    ) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'MISSING_RIGHT': 'WAIVER_EXPIRED'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
