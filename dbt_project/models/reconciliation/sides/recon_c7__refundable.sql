{{ config(materialized='view') }}

with

refunded as (
    select * from {{ ref('recon_c7__refunded') }}
),

charges as (
    select * from {{ ref('stg_stripe__charges') }}
    where not is_deleted
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

refunded_charges as (
    select
        tracking_key,
        sum(amount_minor) as amount_minor,
        max(business_on) as business_on
    from refunded
    group by tracking_key
),

-- Of a charge at most what was captured can go back.
final as (
    select
        refunded_charges.tracking_key,
        refunded_charges.tracking_key as row_id,
        cast(null as text) as account_id,
        charges.currency,
        cast(
            least(
                coalesce(charges.amount_captured_minor, charges.amount_minor), refunded_charges.amount_minor
            ) as bigint
        ) as amount_minor,
        cast(null as numeric) as quantity,
        refunded_charges.business_on,
        refunded_charges.business_on as due_on,
        'charge ' || charges.charge_id
        || coalesce(' (' || {{ file_line('loads', 'charges.line_no') }} || ')', '') as evidence
    from refunded_charges
    inner join charges on refunded_charges.tracking_key = 'charge|' || charges.charge_id
    left join loads on charges.load_id = loads.load_id
)

select * from final
