{{ config(materialized='view') }}

with

usage_months as (
    select * from {{ ref('recon_u5__usage_months') }}
    where covered_count > 0
),

final as (
    select
        account_id || '|' || meter_code || '|' || {{ date_text('usage_month') }} as tracking_key,
        account_id || '|' || meter_code || '|' || {{ date_text('usage_month') }} as row_id,
        account_id,
        cast(null as {{ text_type() }}) as currency,
        cast(null as bigint) as amount_minor,
        cast(covered_count as {{ exact_number() }}) as quantity,
        first_on as business_on,
        last_on as due_on,
        'usage of ' || meter_code || ' by ' || account_id || ' from ' || {{ date_text('first_on') }}
        || ' to ' || {{ date_text('last_on') }} as evidence,
        account_status,
        contract_count
    from usage_months
)

select * from final
