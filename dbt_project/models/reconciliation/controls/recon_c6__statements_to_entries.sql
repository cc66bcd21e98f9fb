{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C6',
        left=ref('recon_c6__carried'),
        right=ref('recon_c6__closing'),
        carry=['verdict'],
        totals=['own_difference_minor']
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome = 'MISSING_RIGHT' and left_verdict = 'intraday' then 'INTRADAY_USED_AS_FINAL'
            when outcome = 'MISSING_RIGHT' then 'STMT_SUM'
            when outcome = 'AMOUNT' and left_own_difference_minor <> 0 then 'STMT_SUM'
            when outcome in ('AMOUNT', 'MATCHED') and left_verdict in ('duplicate_number', 'number_back', 'overlap')
                then 'STMT_DUP'
            when outcome in ('AMOUNT', 'MATCHED') and left_verdict in ('number_gap', 'page_missing') then 'STMT_GAP'
            else {{ named_outcome({'AMOUNT': 'BALANCE_JUMP', 'DUPLICATE': 'STMT_DUP'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['verdict'], counted='1') }}
)

select * from final
