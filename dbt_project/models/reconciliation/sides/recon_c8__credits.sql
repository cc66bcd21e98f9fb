{{ config(materialized='view') }}

{{ clearing_side('credit') }}
