{{ config(materialized='view') }}

with

readings as (
    select * from {{ ref('int_usage__external_meter_readings') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        coalesce(readings.account_id, readings.external_customer_id) || '|' || readings.meter_code
        || '|' || {{ date_text('readings.day_on') }} as tracking_key,
        readings.reading_id as row_id,
        readings.account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        readings.quantity,
        readings.day_on as business_on,
        {{ add_days('readings.day_on', 1) }} as due_on,
        readings.meter_system || ' reading ' || readings.reading_id
        || coalesce(' (' || {{ file_line('loads', 'readings.line_no') }} || ')', '') as evidence,
        cast(0 as numeric) as after_cut_off_quantity,
        cast(0 as numeric) as too_old_quantity,
        cast(0 as numeric) as copied_quantity,
        cast(null as numeric) as last_quantity
    from readings
    left join loads on readings.load_id = loads.load_id
)

select * from final
