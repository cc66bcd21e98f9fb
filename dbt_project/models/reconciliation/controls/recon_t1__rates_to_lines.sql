{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'T1',
        left=ref('recon_t1__expected'),
        right=ref('recon_t1__printed'),
        carry=['jurisdiction'],
        totals=['exempt_count']
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome in ('AMOUNT', 'ROUNDING', 'MATCHED') and left_jurisdiction <> right_jurisdiction
                then 'JURISDICTION'
            when outcome = 'AMOUNT' and left_jurisdiction is null then 'JURISDICTION'
            when outcome = 'AMOUNT' and left_exempt_count > 0 then 'TAX_EXEMPT'
            when outcome = 'AMOUNT' and right_amount_minor = 0 then 'NO_TAX_TAXABLE'
            else {{ named_outcome({'AMOUNT': 'RATE_DRIFT'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['jurisdiction'], totals=['exempt_count'], counted='1') }}
)

select * from final
