{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'O2',
        left=ref('recon_o2__subscriptions'),
        right=ref('recon_o2__served_accounts'),
        carry=['plan_code', 'account_status'],
        totals=['ended_count'],
        max_left=none
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome = 'MISSING_RIGHT' and left_account_status is not null then 'SUSPENDED_BUT_BILLED'
            when outcome = 'MISSING_LEFT' and right_ended_count > 0 then 'ACTIVE_AFTER_CANCEL'
            when outcome = 'MATCHED' and left_plan_code <> right_plan_code and is_due then 'PLAN_MISMATCH'
            else {{ named_outcome({'MISSING_RIGHT': 'SUB_NO_ACCOUNT', 'MISSING_LEFT': 'ACCOUNT_NO_SUB'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['plan_code', 'account_status']) }}
)

select * from final
