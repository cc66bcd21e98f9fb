{{ config(materialized='view') }}

{{ numbers_side('number_in_series') }}
