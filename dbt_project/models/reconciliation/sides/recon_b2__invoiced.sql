{{ config(materialized='view') }}

{{ invoiced_lines_side('erp') }}
