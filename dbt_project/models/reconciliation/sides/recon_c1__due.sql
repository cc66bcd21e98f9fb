{{ config(materialized='view') }}

with

invoices as (
    select * from {{ ref('int_billing__invoices') }}
    where amount_due_minor <> 0 and is_billed
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

conventions as (
    select * from {{ ref('int_catalog__conventions') }}
),

final as (
    select
        invoices.billing_system || '|' || invoices.invoice_id as tracking_key,
        invoices.billing_system || '|' || invoices.invoice_id as row_id,
        invoices.account_id,
        invoices.currency,
        invoices.amount_due_minor as amount_minor,
        cast(null as numeric) as quantity,
        coalesce(invoices.invoice_on, loads.delivered_on) as business_on,
        -- Nothing more is awaited on an invoice that its system has closed: what is missing then is missing at once.
        case
            when invoices.is_closed then coalesce(invoices.invoice_on, loads.delivered_on)
            else {{ add_days(
                'coalesce(invoices.due_on, invoices.invoice_on, loads.delivered_on)',
                'coalesce(conventions.payment_grace_days, 0)'
            ) }}
        end as due_on,
        'invoice ' || invoices.invoice_id
        || coalesce(' (' || {{ file_line('loads', 'invoices.line_no') }} || ')', '') as evidence,
        invoices.status as invoice_status,
        case when invoices.is_closed then 1 else 0 end as closed_count,
        case when invoices.is_open then 1 else 0 end as open_count,
        0 as repeat_count,
        0 as misapplied_count
    from invoices
    left join loads on invoices.load_id = loads.load_id
    left join conventions
        on
            invoices.billing_system = conventions.billing_system
            and invoices.invoice_on >= conventions.valid_from
            and (conventions.valid_to is null or invoices.invoice_on < conventions.valid_to)
)

select * from final
