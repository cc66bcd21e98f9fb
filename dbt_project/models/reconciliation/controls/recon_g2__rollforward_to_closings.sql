{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare('G2', left=ref('recon_g2__carried'), right=ref('recon_g2__balances'), carry=['tie']) }}
),

named as (
    select
        compared.*,
        case
            when outcome = 'AMOUNT' and left_tie = 'opening' then 'OPEN_NE_PRIOR_CLOSE'
            when outcome = 'MATCHED' and left_tie = 'closing' and left_amount_minor < 0 then 'NEG_DEFERRED'
            else {{ named_outcome({'AMOUNT': 'ROLL'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['tie'], counted='1') }}
)

select * from final
