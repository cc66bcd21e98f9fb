{#- What remains by the status of an invoice: nothing of a paid one, else what is due and not paid. -#}
{{ config(materialized='view') }}

{{ invoice_statement_side(
    "case when documents.status = 'paid' then 0"
    ~ " else greatest(documents.amount_due_minor - coalesce(documents.amount_paid_minor, 0), 0) end"
) }}
