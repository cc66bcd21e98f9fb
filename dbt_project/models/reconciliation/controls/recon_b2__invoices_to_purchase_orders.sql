{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'B2',
        left=ref('recon_b2__purchase_orders'),
        right=ref('recon_b2__printed_purchase_orders'),
        carry=['po_number'],
        max_left=none
    ) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'MISSING_RIGHT': 'PO_MISSING'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['po_number']) }}
)

select * from final
