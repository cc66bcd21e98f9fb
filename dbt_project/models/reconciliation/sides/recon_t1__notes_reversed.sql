{{ config(materialized='view') }}

with

notes as (
    select * from {{ ref('recon_t1__note_taxes') }}
),

final as (
    select
        'note|' || note_id as tracking_key,
        note_id as row_id,
        account_id,
        currency,
        tax_minor as amount_minor,
        cast(null as numeric) as quantity,
        issued_on as business_on,
        issued_on as due_on,
        'credit note ' || note_id || coalesce(' (' || file_line || ')', '') as evidence
    from notes
)

select * from final
