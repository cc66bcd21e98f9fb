{{ config(indexes=[
    {'columns': ['entity', 'period', 'source_system', 'invoice_id', 'currency', 'functional_currency'], 'unique': true},
]) }}

with

open_receivables as (
    select * from {{ ref('int_ledger__open_receivables') }}
),

final as (
    select
        entity,
        period,
        source_system,
        invoice_id,
        customer_id,
        due_on,
        days_past_due,
        bucket_name,
        currency,
        open_minor,
        functional_currency,
        functional_open_minor,
        is_closed
    from open_receivables
)

select * from final
