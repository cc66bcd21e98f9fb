{{ config(indexes=[{'columns': ['document_id'], 'unique': true}]) }}

with

documents as (
    select * from {{ ref('recon_differing_documents') }}
    where differs_in = 'tax'
),

alternatives as (
    select
        document_id,
        convention,
        setting,
        sum(tax_minor) as tax_minor
    from {{ ref('recon_alternative_lines') }}
    group by document_id, convention, setting
),

explaining as (
    select
        documents.document_id,
        {{ setting_text('alternatives.convention', 'alternatives.setting') }} as explained_by,
        row_number() over (
            partition by documents.document_id
            order by {{ convention_rank('alternatives.convention') }}, alternatives.setting
        ) as place
    from documents
    inner join alternatives
        on
            documents.document_id = alternatives.document_id
            and documents.invoiced_tax_minor = alternatives.tax_minor
),

final as (
    select
        documents.document_id,
        documents.billing_system,
        documents.invoice_id,
        documents.currency,
        documents.expected_tax_minor,
        documents.invoiced_tax_minor,
        documents.expected_tax_minor - documents.invoiced_tax_minor as difference_minor,
        explaining.explained_by,
        case
            when explaining.document_id is not null
                then documents.expected_tax_minor - documents.invoiced_tax_minor
        end as explained_minor
    from documents
    left join explaining on documents.document_id = explaining.document_id and explaining.place = 1
)

select * from final
