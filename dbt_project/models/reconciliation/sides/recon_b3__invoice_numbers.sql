{{ config(materialized='view') }}

with

invoices as (
    select * from {{ ref('int_billing__invoices') }}
    where status <> 'draft' and invoice_number is not null
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

in_series as (
    select
        invoices.*,
        {{ number_series('invoices.invoice_number') }} as series
    from invoices
),

numbered as (
    select
        in_series.*,
        cast(substr(invoice_number, length(series) + 1) as bigint) as number_in_series
    from in_series
    where series is not null
),

followed as (
    select
        numbered.*,
        lag(number_in_series) over (
            partition by billing_system, series order by number_in_series, invoice_id
        ) as number_before
    from numbered
),

-- How long an invoice of the ERP may wait for its approval; a processor numbers what it finalises at once.
approval as (
    select sla_business_days from {{ ref('recon_controls') }}
    where control_id = 'B2'
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

judged as (
    select
        followed.*,
        followed.number_before is not null
        and (
            followed.billing_system <> 'erp'
            or {{ add_business_days('followed.invoice_on', 'approval.sla_business_days') }} < clock.as_of_on
        ) as follows_a_number
    from followed
    cross join approval
    cross join clock
),

-- The first number of a series has none before it: nothing says where a series should begin. The numbers before one of
-- the last days may still come.
final as (
    select
        judged.billing_system || '|' || judged.invoice_number as tracking_key,
        judged.billing_system || '|' || judged.invoice_id as row_id,
        judged.account_id,
        cast(judged.number_in_series as numeric) as number_in_series,
        cast(
            case when judged.follows_a_number then judged.number_before + 1 else judged.number_in_series end as numeric
        ) as number_expected,
        coalesce(judged.invoice_on, loads.delivered_on) as business_on,
        'invoice ' || judged.invoice_number || ' of series ' || judged.series
        || coalesce(' (' || {{ file_line('loads', 'judged.line_no') }} || ')', '') as evidence
    from judged
    left join loads on judged.load_id = loads.load_id
)

select * from final
