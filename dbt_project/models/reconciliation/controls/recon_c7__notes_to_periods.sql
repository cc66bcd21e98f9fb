{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C7',
        left=ref('recon_c7__notes_issued'),
        right=ref('recon_c7__notes_posted'),
        carry=['month']
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome = 'MATCHED' and left_month <> right_month then 'CN_WRONG_PERIOD'
            else {{ named_outcome() }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['month'], counted='1') }}
)

select * from final
