{{ config(materialized='view') }}

{{ credit_memos_side('period') }}
