{{ config(materialized='view') }}

with

refunds as (
    select * from {{ ref('stg_stripe__refunds') }}
    where not is_deleted and status in ('succeeded', 'pending') and charge_id is not null
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        'charge|' || refunds.charge_id as tracking_key,
        refunds.refund_id as row_id,
        cast(null as text) as account_id,
        refunds.currency,
        refunds.amount_minor,
        cast(null as numeric) as quantity,
        coalesce({{ utc_date('refunds.created_at') }}, refunds.delivered_on) as business_on,
        coalesce({{ utc_date('refunds.created_at') }}, refunds.delivered_on) as due_on,
        'refund ' || refunds.refund_id
        || coalesce(' (' || {{ file_line('loads', 'refunds.line_no') }} || ')', '') as evidence
    from refunds
    left join loads on refunds.load_id = loads.load_id
)

select * from final
