{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare('G1', left=ref('recon_g1__balances_open'), right=ref('recon_g1__balances_revalued')) }}
),

-- A revaluation of a month that is open still, or of nothing, moves nothing that has to be there.
named as (
    select
        compared.*,
        case
            when outcome <> 'MISSING_LEFT' then {{ named_outcome({'MISSING_RIGHT': 'FX_REVAL'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
