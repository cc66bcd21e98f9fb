{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C3',
        left=ref('recon_c3__transactions'),
        right=ref('recon_c3__members'),
        carry=['transaction_type']
    ) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({
            'DUPLICATE': 'BT_TWICE', 'MISSING_RIGHT': 'BT_UNASSIGNED', 'MISSING_LEFT': 'BT_UNKNOWN',
        }) }} as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['transaction_type']) }}
)

select * from final
