{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'B3',
        left=ref('recon_b3__should_be_due'),
        right=ref('recon_b3__printed_due'),
        carry=['invoice_status']
    ) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'AMOUNT': 'AMT_DUE'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['invoice_status']) }}
)

select * from final
