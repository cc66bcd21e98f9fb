{{ config(materialized='view') }}

with

usage_days as (
    select * from {{ ref('recon_u4__usage_days') }}
),

-- Where no external meter was ever delivered, none is awaited.
final as (
    select
        account_id || '|' || meter_code || '|' || {{ date_text('day_on') }} as tracking_key,
        account_id || '|' || meter_code || '|' || {{ date_text('day_on') }} as row_id,
        account_id,
        cast(null as {{ text_type() }}) as currency,
        cast(null as bigint) as amount_minor,
        quantity,
        day_on as business_on,
        greatest({{ add_days('day_on', 1) }}, delivered_on) as due_on,
        'events in ' || files as evidence,
        after_cut_off_quantity,
        too_old_quantity,
        copied_quantity,
        last_quantity
    from usage_days
    where exists (select 1 from {{ ref('int_usage__external_meter_readings') }})
)

select * from final
