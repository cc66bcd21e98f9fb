{{ config(materialized='view') }}

{{ invoice_statement_side('documents.amount_due_minor') }}
