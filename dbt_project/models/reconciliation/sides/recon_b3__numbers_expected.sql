{{ config(materialized='view') }}

{{ numbers_side('number_expected') }}
