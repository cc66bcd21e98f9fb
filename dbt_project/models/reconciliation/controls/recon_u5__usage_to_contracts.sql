{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'U5',
        left=ref('recon_u5__used'),
        right=ref('recon_u5__contracted'),
        carry=['account_status'],
        totals=['contract_count']
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome in ('MISSING_RIGHT', 'QUANTITY') and left_account_status in ('test', 'internal')
                then 'TEST_ACCT_USAGE'
            when outcome in ('MISSING_RIGHT', 'QUANTITY') and left_contract_count > 0 then 'WRONG_PERIOD'
            else {{ named_outcome({'MISSING_RIGHT': 'UNBILLABLE_USAGE', 'QUANTITY': 'UNBILLABLE_USAGE'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['account_status'], totals=['contract_count']) }}
)

select * from final
