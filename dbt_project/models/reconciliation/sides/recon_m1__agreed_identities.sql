{{ config(materialized='view') }}

{{ identities_side(agreed_only=true) }}
