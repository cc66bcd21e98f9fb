{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'B3',
        left=ref('recon_b3__line_sums'),
        right=ref('recon_b3__totals'),
        totals=['discount_minor', 'tax_minor', 'negative_count'],
        max_left=none
    ) }}
),

-- An invoice without lines ties out when nothing is to pay.
named as (
    select
        compared.*,
        case
            when outcome = 'MISSING_LEFT' and right_amount_minor = 0 then null
            when outcome = 'MATCHED' and right_negative_count > 0 and left_negative_count > 0 then 'NEG_INVOICE'
            else {{ named_outcome({'MISSING_RIGHT': 'ARITH', 'MISSING_LEFT': 'ARITH', 'AMOUNT': 'ARITH'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', totals=['discount_minor', 'tax_minor'], counted='right_negative_count') }}
)

select * from final
