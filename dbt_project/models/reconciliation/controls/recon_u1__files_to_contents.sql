{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'U1',
        left=ref('recon_u1__files'),
        right=ref('recon_u1__contents')
    ) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'DUPLICATE': 'FILE_REPLAY'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
