{{ config(materialized='view') }}

with

landed_days as (
    select * from {{ ref('recon_u1__landed_days') }}
),

final as (
    select
        {{ usage_window_key('source', 'occurred_on') }} as tracking_key,
        {{ usage_window_key('source', 'occurred_on') }} as row_id,
        source,
        cast(null as {{ text_type() }}) as account_id,
        cast(null as {{ text_type() }}) as currency,
        cast(null as bigint) as amount_minor,
        cast(event_count as {{ exact_number() }}) as quantity,
        occurred_on as business_on,
        {{ add_days('occurred_on', 1) }} as due_on,
        'events of ' || source || ' on ' || {{ date_text('occurred_on') }} as evidence,
        0 as manifest_count,
        quantity_sum
    from landed_days
)

select * from final
