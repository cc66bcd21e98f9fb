{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'B4',
        left=ref('recon_b4__credit_notes'),
        right=ref('recon_b4__erp_credit_notes'),
        carry=['document_status'],
        totals=['tax_minor', 'void_count', 'edited_count']
    ) }}
),

named as (
    {{ posted_document_classes('compared') }}
),

final as (
    {{ control_rows('named', carry=['document_status'], totals=['tax_minor']) }}
)

select * from final
