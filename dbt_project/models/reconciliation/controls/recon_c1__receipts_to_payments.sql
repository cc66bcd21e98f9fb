{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C1',
        left=ref('recon_c1__receipts'),
        right=ref('recon_c1__recorded'),
        carry=['bank_words'],
        totals=['known_count', 'misnamed_count'],
        max_left=none
    ) }}
),

-- Money that came and was not written down is nobody's when the payer is unknown, else not applied; a payment without
-- money in the bank closed invoices that nobody paid.
named as (
    select
        compared.*,
        case
            when outcome = 'MISSING_RIGHT' and left_known_count = 0 then 'UNIDENTIFIED'
            when outcome = 'MATCHED' and left_misnamed_count > 0 then 'MISAPPLIED'
            else {{ named_outcome({'MISSING_RIGHT': 'UNAPPLIED', 'MISSING_LEFT': 'CLOSED_NOT_PAID'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['bank_words'], totals=['known_count', 'misnamed_count'], counted='1') }}
)

select * from final
