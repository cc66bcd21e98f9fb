{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C2',
        left=ref('recon_c2__fees_kept'),
        right=ref('recon_c2__fees_scheduled'),
        totals=['fee_minor', 'scheduled_count']
    ) }}
),

-- Net is amount less fee exactly; only a fee that is worked out of a percentage may round.
named as (
    select
        compared.*,
        case
            when outcome = 'ROUNDING' and right_scheduled_count = 0 then 'FEE_VARIANCE'
            else {{ named_outcome({'AMOUNT': 'FEE_VARIANCE'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', totals=['fee_minor', 'scheduled_count']) }}
)

select * from final
