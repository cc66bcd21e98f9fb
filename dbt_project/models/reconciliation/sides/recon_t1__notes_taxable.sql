{{ config(materialized='view') }}

with

notes as (
    select * from {{ ref('recon_t1__note_taxes') }}
),

-- A note on lines that were taxed takes their tax back in the same share.
final as (
    select
        'note|' || note_id as tracking_key,
        note_id as row_id,
        account_id,
        currency,
        case
            when invoice_net_minor = 0 then tax_minor
            when invoice_net_minor < 0 then {{ round_ratio('-net_minor * invoice_tax_minor', '-invoice_net_minor') }}
            else {{ round_ratio('net_minor * invoice_tax_minor', 'invoice_net_minor') }}
        end as amount_minor,
        cast(null as numeric) as quantity,
        issued_on as business_on,
        issued_on as due_on,
        'lines taxed ' || cast(invoice_tax_minor as text) || ' on ' || cast(invoice_net_minor as text) as evidence
    from notes
)

select * from final
