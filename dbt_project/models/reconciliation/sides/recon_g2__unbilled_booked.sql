{{ config(materialized='view') }}

{{ ledger_to_gl_side(['unbilled_receivable'], 'journal') }}
