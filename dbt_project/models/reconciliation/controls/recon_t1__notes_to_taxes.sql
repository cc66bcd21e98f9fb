{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare('T1', left=ref('recon_t1__notes_taxable'), right=ref('recon_t1__notes_reversed')) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'AMOUNT': 'CN_TAX_NOT_REVERSED'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
