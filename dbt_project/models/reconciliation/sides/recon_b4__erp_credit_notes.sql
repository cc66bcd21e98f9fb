{{ config(materialized='view') }}

{{ erp_records_side('CustCred', 'cn_', sign=1) }}
