{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C8',
        left=ref('recon_c8__debits'),
        right=ref('recon_c8__credits'),
        max_left=none,
        max_right=none
    ) }}
),

-- Money on its way is on the account; what is there after its time came in without going out, or the other way round.
named as (
    select
        compared.*,
        {{ named_outcome({
            'MISSING_RIGHT': 'NONZERO_AGED', 'MISSING_LEFT': 'NONZERO_AGED', 'AMOUNT': 'NONZERO_AGED',
        }) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
