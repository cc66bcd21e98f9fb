{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'U1',
        left=ref('recon_u1__announced'),
        right=ref('recon_u1__landed'),
        totals=['manifest_count', 'quantity_sum']
    ) }}
),

-- A quiet window that was announced as quiet ties out: nothing landed, nothing was sent.
named as (
    select
        compared.*,
        case
            when outcome = 'MISSING_RIGHT' and left_manifest_count = 0 then 'SILENT_SOURCE'
            when outcome = 'MISSING_RIGHT' and left_quantity = 0 then null
            when outcome in ('QUANTITY', 'MATCHED') and left_manifest_count = 0 and is_due then 'NO_MANIFEST'
            when outcome in ('MISSING_RIGHT', 'QUANTITY') and left_quantity > coalesce(right_quantity, 0)
                then 'UNDER_LANDED'
            when outcome = 'QUANTITY' then 'OVER_LANDED'
            when outcome = 'MATCHED' and left_quantity_sum <> right_quantity_sum then 'QTY_DRIFT'
            else {{ named_outcome() }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', totals=['quantity_sum'], counted='left_quantity_sum - right_quantity_sum') }}
)

select * from final
