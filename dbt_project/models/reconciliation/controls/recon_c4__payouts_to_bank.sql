{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C4',
        left=ref('recon_c4__payouts'),
        right=ref('recon_c4__bank_entries'),
        carry=['payout_status', 'trace_id', 'bank_text'],
        totals=['charge_count', 'misdirected_count'],
        max_left=none,
        max_right=none
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome in ('AMOUNT', 'MISSING_RIGHT') and left_payout_status = 'failed' then 'RETURNED'
            when outcome = 'AMOUNT' and right_charge_count > 0 and right_amount_minor < left_amount_minor
                then 'BANK_FEE'
            when outcome = 'AMOUNT' and left_row_count > 1 then 'COMBINED_DEPOSIT'
            when outcome = 'AMOUNT' and right_row_count > 1 then 'SPLIT_DEPOSIT'
            when outcome in ('AMOUNT', 'MATCHED') and right_misdirected_count > 0 then 'WRONG_ACCOUNT'
            else {{ named_outcome({'MISSING_RIGHT': 'NOT_RECEIVED', 'MISSING_LEFT': 'UNKNOWN_CREDIT'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows(
        'named',
        carry=['payout_status', 'trace_id', 'bank_text'],
        totals=['misdirected_count'],
        counted='1'
    ) }}
)

select * from final
