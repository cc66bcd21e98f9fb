{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare('C5', left=ref('recon_c5__booked_categories'), right=ref('recon_c5__reported_categories')) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({
            'AMOUNT': 'CATEGORY_DRIFT', 'MISSING_RIGHT': 'CATEGORY_DRIFT', 'MISSING_LEFT': 'CATEGORY_DRIFT',
        }) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
