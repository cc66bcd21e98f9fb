{{ config(materialized='view') }}

{{ ledger_to_gl_side(['deferred_revenue'], 'gl') }}
