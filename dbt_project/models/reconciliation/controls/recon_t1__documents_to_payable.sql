{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'T1',
        left=ref('recon_t1__document_taxes'),
        right=ref('recon_t1__payable'),
        carry=['transaction_type'],
        max_left=none,
        max_right=none
    ) }}
),

-- The tolerance of a minor unit is for rates: what is posted is the tax of the document.
named as (
    select
        compared.*,
        case
            when outcome in ('AMOUNT', 'ROUNDING', 'MISSING_RIGHT', 'MISSING_LEFT') then 'PAYABLE_DIFF'
            else {{ named_outcome() }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['transaction_type']) }}
)

select * from final
