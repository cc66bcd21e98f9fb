{{ config(materialized='view') }}

{{ ledger_to_gl_side(['revenue', 'refunds', 'disputes', 'credit_notes', 'voids', 'recoverables'], 'journal') }}
