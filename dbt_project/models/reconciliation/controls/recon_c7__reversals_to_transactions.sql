{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C7',
        left=ref('recon_c7__reversals'),
        right=ref('recon_c7__reversals_booked'),
        carry=['state'],
        max_right=none
    ) }}
),

-- A dispute is won without a booking when its money had never been taken.
named as (
    select
        compared.*,
        case
            when outcome = 'MISSING_RIGHT' and left_state = 'dispute won' then null
            when outcome = 'AMOUNT' and left_state = 'refund failed' then 'REFUND_FAILED_NOT_REVERSED'
            when outcome = 'AMOUNT' and left_state = 'dispute won' then 'DISPUTE_WON_NOT_REINSTATED'
            when outcome in ('AMOUNT', 'MISSING_RIGHT') and left_state like 'dispute %' then 'DISPUTE_LOST_NOT_POSTED'
            else {{ named_outcome() }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['state']) }}
)

select * from final
