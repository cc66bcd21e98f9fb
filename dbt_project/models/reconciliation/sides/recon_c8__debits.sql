{{ config(materialized='view') }}

{{ clearing_side('debit') }}
