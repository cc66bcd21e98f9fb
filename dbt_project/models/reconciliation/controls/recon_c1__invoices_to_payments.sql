{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C1',
        left=ref('recon_c1__due'),
        right=ref('recon_c1__paid'),
        carry=['invoice_status'],
        totals=['closed_count', 'open_count', 'repeat_count', 'misapplied_count'],
        max_right=none,
        in_parts=true
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome in ('MATCHED', 'AMOUNT') and right_misapplied_count > 0 then 'MISAPPLIED'
            when outcome = 'MATCHED' and left_open_count > 0 and is_due then 'PAID_NOT_CLOSED'
            when outcome = 'MISSING_RIGHT' and left_closed_count > 0 then 'CLOSED_NOT_PAID'
            when outcome = 'AMOUNT' and right_amount_minor < left_amount_minor and left_closed_count > 0 then 'SHORT'
            when outcome = 'AMOUNT' and right_amount_minor < left_amount_minor then 'PARTIAL'
            when outcome = 'AMOUNT' and right_repeat_count > 0 then 'DUPLICATE'
            when outcome = 'AMOUNT' then 'OVER'
            else {{ named_outcome({
                'MISSING_RIGHT': 'UNPAID', 'MISSING_LEFT': 'UNKNOWN_INVOICE', 'CURRENCY': 'WRONG_CUR',
            }) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['invoice_status'], totals=['repeat_count', 'misapplied_count'], counted='1') }}
)

select * from final
