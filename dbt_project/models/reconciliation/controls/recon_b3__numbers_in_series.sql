{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'B3',
        left=ref('recon_b3__numbers_found'),
        right=ref('recon_b3__numbers_expected')
    ) }}
),

-- The quantity is how many numbers are missing before this one.
named as (
    select
        compared.*,
        {{ named_outcome({'QUANTITY': 'NUMBER_GAP'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
