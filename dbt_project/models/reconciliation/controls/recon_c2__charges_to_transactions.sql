{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C2',
        left=ref('recon_c2__charges'),
        right=ref('recon_c2__transactions'),
        totals=['converted_count', 'dispute_count'],
        max_right=none
    ) }}
),

-- The tolerance of a minor unit is for what was converted alone.
named as (
    select
        compared.*,
        case
            when outcome = 'AMOUNT' and left_converted_count > 0 then 'FX'
            when outcome = 'ROUNDING' and left_converted_count = 0 then 'GROSS'
            when outcome in ('MATCHED', 'ROUNDING') and left_dispute_count > 1 then 'MULTI_DISPUTE'
            else {{ named_outcome({
                'MISSING_RIGHT': 'NO_BT', 'MISSING_LEFT': 'BT_NO_SOURCE', 'AMOUNT': 'GROSS',
            }) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', totals=['converted_count', 'dispute_count'], counted='left_dispute_count') }}
)

select * from final
