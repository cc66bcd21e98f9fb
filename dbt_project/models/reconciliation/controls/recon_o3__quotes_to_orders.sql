{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'O3',
        left=ref('recon_o3__quote_lines'),
        right=ref('recon_o3__order_lines'),
        carry=['unit_price', 'list_price'],
        totals=['changed_count', 'unapproved_count'],
        max_left=none,
        max_right=none
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome in ('MISSING_RIGHT', 'CURRENCY', 'QUANTITY', 'AMOUNT') and left_changed_count > 0
                then 'QUOTE_CHANGED_AFTER_SIGN'
            when outcome = 'MATCHED' and left_unapproved_count > 0 then 'UNAPPROVED_DISCOUNT'
            else {{ named_outcome() }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['unit_price', 'list_price'], counted='left_unapproved_count') }}
)

select * from final
