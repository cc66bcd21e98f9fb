{{ config(materialized='view') }}

with

rates as (
    select * from {{ ref('recon_f1__document_rates') }}
),

final as (
    select
        transaction_id as tracking_key,
        transaction_id as row_id,
        cast(null as text) as account_id,
        currency,
        cast(null as bigint) as amount_minor,
        coalesce({{ divide('used_rate * rate_denominator', 'rate_numerator') }}, 1) as quantity,
        transaction_on as business_on,
        cast('1900-01-01' as date) as due_on,
        'transaction ' || transaction_id || coalesce(' (' || file_line || ')', '') as evidence,
        used_rate,
        case when is_of_earlier_day then 1 else 0 end as stale_count
    from rates
)

select * from final
