{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'O1',
        left=ref('recon_o1__order_lines'),
        right=ref('recon_o1__contract_lines'),
        carry=['start_on', 'ends_on', 'billing_frequency'],
        totals=[
            'gross_minor', 'discount_percent', 'step_before_quantity', 'cancel_count', 'amendment_count',
            'renewal_count',
        ]
    ) }}
),

-- A later step of an order that was never taken is missing, or stands with the quantity of the step before.
named as (
    select
        compared.*,
        case
            when outcome = 'MISSING_RIGHT' and left_cancel_count > 0 then 'CANCEL_NOT_APPLIED'
            when outcome = 'MISSING_RIGHT' and left_renewal_count > 0 then 'RENEWAL_LAPSED'
            when outcome = 'MISSING_RIGHT' and left_amendment_count > 0 then 'AMEND_LOST'
            when outcome = 'MISSING_RIGHT' and left_step_before_quantity is not null then 'RAMP_MISSED'
            when outcome = 'QUANTITY' and left_step_before_quantity = right_quantity then 'RAMP_MISSED'
            when
                outcome = 'AMOUNT' and left_gross_minor = right_gross_minor
                and right_discount_percent > left_discount_percent
                then 'DISCOUNT_OVERRUN'
            when outcome = 'MATCHED' and abs({{ days_between('left_start_on', 'right_start_on') }}) > 3
                then 'START_DRIFT'
            when
                outcome = 'MATCHED'
                and (
                    left_ends_on is distinct from right_ends_on
                    or lower(left_billing_frequency) <> lower(right_billing_frequency)
                )
                then 'TERM_DRIFT'
            else {{ named_outcome({
                'MISSING_RIGHT': 'ORDER_NOT_BOOKED', 'MISSING_LEFT': 'SUB_NO_ORDER', 'QUANTITY': 'QTY_DRIFT',
                'AMOUNT': 'PRICE_DRIFT',
            }) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows(
        'named',
        carry=['start_on', 'ends_on', 'billing_frequency'],
        totals=['gross_minor', 'discount_percent'],
        counted='left_quantity'
    ) }}
)

select * from final
