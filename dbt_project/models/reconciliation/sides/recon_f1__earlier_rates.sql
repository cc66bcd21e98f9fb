{{ config(indexes=[{'columns': ['rate_on', 'from_currency', 'to_currency'], 'unique': true}]) }}

with

documents as (
    select * from {{ ref('recon_f1__rated_documents') }}
    where is_other_rate
),

spans as (
    select * from {{ ref('int_fx__quote_spans') }}
),

-- Every day before: on most of them nothing else needed a rate of the pair.
needed as (
    select distinct
        days.day_on as rate_on,
        documents.currency as from_currency,
        documents.base_currency as to_currency
    from documents
    cross join {{ day_series(add_days('documents.transaction_on', -60), 'documents.transaction_on', 'days') }}
),

{{ rates_found() }},

final as (
    select
        rate_on,
        from_currency,
        to_currency,
        rate_numerator,
        rate_denominator,
        quoted_on
    from found
)

select * from final
