{{ config(materialized='view') }}

{{ invoice_statement_side('coalesce(documents.amount_remaining_minor, 0)') }}
