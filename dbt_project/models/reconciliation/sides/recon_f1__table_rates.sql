{{ config(materialized='view') }}

with

rates as (
    select * from {{ ref('recon_f1__document_rates') }}
    where rate_numerator is not null
),

final as (
    select
        transaction_id as tracking_key,
        transaction_id as row_id,
        cast(null as text) as account_id,
        currency,
        cast(null as bigint) as amount_minor,
        cast(1 as numeric) as quantity,
        transaction_on as business_on,
        cast('1900-01-01' as date) as due_on,
        'rate of ' || {{ date_text('quoted_on') }} || coalesce(' (' || rate_file_line || ')', '') as evidence,
        {{ divide('rate_numerator', 'rate_denominator') }} as used_rate,
        0 as stale_count
    from rates
)

select * from final
