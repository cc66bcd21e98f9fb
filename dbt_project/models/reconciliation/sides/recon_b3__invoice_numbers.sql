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

-- The first number of a series has none before it: nothing says where a series should begin.
final as (
    select
        followed.billing_system || '|' || followed.invoice_number as tracking_key,
        followed.billing_system || '|' || followed.invoice_id as row_id,
        followed.account_id,
        cast(followed.number_in_series as numeric) as number_in_series,
        cast(coalesce(followed.number_before + 1, followed.number_in_series) as numeric) as number_expected,
        coalesce(followed.invoice_on, loads.delivered_on) as business_on,
        'invoice ' || followed.invoice_number || ' of series ' || followed.series
        || coalesce(' (' || {{ file_line('loads', 'followed.line_no') }} || ')', '') as evidence
    from followed
    left join loads on followed.load_id = loads.load_id
)

select * from final
