{{ config(materialized='view') }}

with

entitlements as (
    select * from {{ ref('stg_control_plane__entitlements') }}
    where not is_deleted
),

-- Without a live subscription the account itself is the break; its entitlements would repeat it.
subscribed as (
    select distinct account_id from {{ ref('recon_o2__current_items') }}
    where account_status = 'active'
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        entitlements.account_id || '|' || entitlements.feature_code as tracking_key,
        entitlements.account_id || '|' || entitlements.feature_code
        || '|' || {{ instant_text('entitlements.valid_from_at') }} as row_id,
        entitlements.account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        entitlements.quantity,
        {{ utc_date('entitlements.valid_from_at') }} as business_on,
        {{ add_days(utc_date('entitlements.valid_from_at'), 1) }} as due_on,
        'entitlement (' || {{ file_line('loads', 'entitlements.line_no') }} || ')' as evidence,
        cast(null as text) as plan_code
    from entitlements
    cross join clock
    inner join subscribed on entitlements.account_id = subscribed.account_id
    left join loads on entitlements.load_id = loads.load_id
    where
        entitlements.valid_from_at <= clock.as_of_at
        and (entitlements.valid_to_at is null or entitlements.valid_to_at > clock.as_of_at)
)

select * from final
