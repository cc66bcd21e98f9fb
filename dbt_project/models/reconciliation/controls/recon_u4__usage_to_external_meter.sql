{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'U4',
        left=ref('recon_u4__counted'),
        right=ref('recon_u4__metered'),
        totals=['after_cut_off_quantity', 'too_old_quantity', 'copied_quantity', 'last_quantity'],
        max_right=none
    ) }}
),

-- A difference that is exactly what a known way of losing or repeating usage makes has its name.
named as (
    select
        compared.*,
        case
            when outcome in ('MISSING_RIGHT', 'MISSING_LEFT') and coalesce(left_quantity, right_quantity) = 0 then null
            when
                outcome in ('MISSING_RIGHT', 'QUANTITY') and left_too_old_quantity > 0
                and left_quantity - coalesce(right_quantity, 0) = left_too_old_quantity
                then 'TOO_LATE'
            when outcome = 'QUANTITY' and right_quantity - left_quantity = left_after_cut_off_quantity then 'POST_FINAL'
            when outcome = 'QUANTITY' and right_quantity - left_quantity = left_copied_quantity then 'RESEND_DUP'
            when outcome = 'QUANTITY' and right_quantity = left_last_quantity then 'WINDOW_OVERWRITE'
            when outcome = 'QUANTITY' and right_quantity < left_quantity then 'METER_SHORT'
            else {{ named_outcome({
                'MISSING_RIGHT': 'NOT_SENT', 'MISSING_LEFT': 'METER_OVER', 'QUANTITY': 'METER_OVER',
            }) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows(
        'named', totals=['after_cut_off_quantity', 'too_old_quantity', 'copied_quantity', 'last_quantity']
    ) }}
)

select * from final
