{{ config(materialized='view') }}

with

charges as (
    select * from {{ ref('stg_stripe__charges') }}
    where not is_deleted
),

refunds as (
    select * from {{ ref('stg_stripe__refunds') }}
    where not is_deleted and status = 'succeeded'
),

disputes as (
    select
        charge_id,
        count(*) as dispute_count
    from {{ ref('stg_stripe__disputes') }}
    where not is_deleted
    group by charge_id
),

bookings as (
    select
        source_id,
        min(currency) as currency,
        max(exchange_rate) as exchange_rate
    from {{ ref('int_cash__balance_transactions') }}
    where source_id is not null
    group by source_id
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- A charge that failed after it was booked was taken back: nothing is left of it. One that was never captured is no
-- money yet.
objects as (
    select
        charges.charge_id as object_id,
        charges.currency,
        case
            when charges.status = 'succeeded' then coalesce(charges.amount_captured_minor, charges.amount_minor)
            else 0
        end as amount_minor,
        charges.created_at,
        charges.delivered_on,
        charges.load_id,
        charges.line_no,
        coalesce(disputes.dispute_count, 0) as dispute_count
    from charges
    left join bookings on charges.charge_id = bookings.source_id
    left join disputes on charges.charge_id = disputes.charge_id
    where
        (charges.status = 'succeeded' and charges.is_captured is distinct from false)
        or bookings.source_id is not null
    union all
    select
        refund_id as object_id,
        currency,
        -amount_minor as amount_minor,
        created_at,
        delivered_on,
        load_id,
        line_no,
        0 as dispute_count
    from refunds
),

-- What is settled in another currency is expected there, at the rate that the processor states.
converted as (
    select
        objects.*,
        coalesce(bookings.exchange_rate is not null and bookings.currency <> objects.currency, false) as is_converted,
        bookings.currency as booked_currency,
        {{ round_half_up(
            'objects.amount_minor * bookings.exchange_rate * '
            ~ power_of_ten(currency_exponent('bookings.currency') ~ ' - ' ~ currency_exponent('objects.currency'))
        ) }} as booked_minor
    from objects
    left join bookings on objects.object_id = bookings.source_id
),

final as (
    select
        converted.object_id as tracking_key,
        converted.object_id as row_id,
        cast(null as text) as account_id,
        case when converted.is_converted then converted.booked_currency else converted.currency end as currency,
        cast(
            case when converted.is_converted then converted.booked_minor else converted.amount_minor end as bigint
        ) as amount_minor,
        cast(null as numeric) as quantity,
        coalesce({{ utc_date('converted.created_at') }}, converted.delivered_on) as business_on,
        coalesce({{ utc_date('converted.created_at') }}, converted.delivered_on) as due_on,
        converted.object_id
        || coalesce(' (' || {{ file_line('loads', 'converted.line_no') }} || ')', '') as evidence,
        case when converted.is_converted then 1 else 0 end as converted_count,
        converted.dispute_count
    from converted
    left join loads on converted.load_id = loads.load_id
)

select * from final
