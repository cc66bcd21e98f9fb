{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'B5',
        left=ref('recon_b5__sold_items'),
        right=ref('recon_b5__rated_items'),
        max_right=none
    ) }}
),

-- An item that ended before its first boundary may have charges of a plan change alone: any charge will do.
named as (
    select
        compared.*,
        {{ named_outcome({'MISSING_RIGHT': 'NEVER_RATED'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
