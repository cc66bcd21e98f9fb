{{ config(materialized='view') }}

{{ erp_records_side('CustInvc', 'in_', sign=-1) }}
