{{ config(materialized='view') }}

with

disputes as (
    select * from {{ ref('stg_stripe__disputes') }}
    where not is_deleted and status in ('won', 'lost', 'needs_response', 'under_review')
),

failed_refunds as (
    select * from {{ ref('stg_stripe__refunds') }}
    where not is_deleted and status = 'failed'
),

bookings as (
    select
        source_id,
        min(currency) as currency,
        max({{ utc_date('created_at') }}) as booked_on
    from {{ ref('int_cash__balance_transactions') }}
    where source_id is not null
    group by source_id
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- What is left with the processor of a dispute (nothing when it is won, the disputed amount in all other cases) and of
-- a refund that failed (nothing).
objects as (
    select
        dispute_id as object_id,
        'dispute ' || status as state,
        currency,
        case when status = 'won' then 0 else -amount_minor end as amount_minor,
        created_at,
        delivered_on,
        load_id,
        line_no
    from disputes
    union all
    select
        refund_id as object_id,
        'refund failed' as state,
        currency,
        0 as amount_minor,
        created_at,
        delivered_on,
        load_id,
        line_no
    from failed_refunds
),

final as (
    select
        objects.object_id as tracking_key,
        objects.object_id as row_id,
        cast(null as text) as account_id,
        objects.currency,
        cast(objects.amount_minor as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        coalesce({{ utc_date('objects.created_at') }}, objects.delivered_on) as business_on,
        coalesce(bookings.booked_on, {{ utc_date('objects.created_at') }}, objects.delivered_on) as due_on,
        objects.state || ' ' || objects.object_id
        || coalesce(' (' || {{ file_line('loads', 'objects.line_no') }} || ')', '') as evidence,
        objects.state
    from objects
    left join bookings on objects.object_id = bookings.source_id
    left join loads on objects.load_id = loads.load_id
    -- A refund that failed before it was booked moved no money.
    where objects.state <> 'refund failed' or bookings.source_id is not null
)

select * from final
