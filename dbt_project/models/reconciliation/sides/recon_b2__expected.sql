{{ config(materialized='view') }}

{{ expected_lines_side('erp') }}
