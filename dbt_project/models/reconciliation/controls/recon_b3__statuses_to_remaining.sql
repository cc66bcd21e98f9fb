{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'B3',
        left=ref('recon_b3__should_remain'),
        right=ref('recon_b3__printed_remaining'),
        carry=['invoice_status']
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome = 'AMOUNT' and left_invoice_status = 'paid' then 'STATUS'
            else {{ named_outcome({'AMOUNT': 'AMT_DUE'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['invoice_status']) }}
)

select * from final
