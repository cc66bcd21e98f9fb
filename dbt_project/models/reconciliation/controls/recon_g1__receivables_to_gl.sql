{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'G1',
        left=ref('recon_g1__documents'),
        right=ref('recon_g1__control_account'),
        carry=['transaction_type'],
        totals=['unposted_count', 'backdated_count'],
        max_right=none
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome = 'MISSING_LEFT' and right_transaction_type = 'Journal' then 'MANUAL_JE_ON_CONTROL'
            when outcome = 'MISSING_RIGHT' and left_unposted_count > 0 then 'UNPOSTED_DOC'
            when outcome = 'MATCHED' and left_backdated_count > 0 then 'BACKDATED'
            else {{ named_outcome({
                'MISSING_LEFT': 'GL_ONLY', 'MISSING_RIGHT': 'SUBLEDGER_ONLY', 'AMOUNT': 'CONTROL_DIFF',
            }) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows(
        'named',
        carry=['transaction_type'],
        totals=['unposted_count', 'backdated_count'],
        counted='left_backdated_count'
    ) }}
)

select * from final
