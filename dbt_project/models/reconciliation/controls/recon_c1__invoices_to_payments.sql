{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C1',
        left=ref('recon_c1__due'),
        right=ref('recon_c1__paid'),
        carry=['invoice_status'],
        totals=['closed_count', 'repeat_count'],
        max_right=none,
        in_parts=true
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome = 'MISSING_RIGHT' and left_closed_count > 0 then 'CLOSED_NOT_PAID'
            when outcome = 'AMOUNT' and right_amount_minor < left_amount_minor and left_closed_count > 0 then 'SHORT'
            when outcome = 'AMOUNT' and right_amount_minor < left_amount_minor then 'PARTIAL'
            when outcome = 'AMOUNT' and right_repeat_count > 0 then 'DUPLICATE'
            when outcome = 'AMOUNT' then 'OVER'
            else {{ named_outcome({'MISSING_RIGHT': 'UNPAID', 'MISSING_LEFT': 'UNKNOWN_INVOICE'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['invoice_status'], totals=['repeat_count']) }}
)

select * from final
