{{ config(materialized='view') }}

with

credit_notes as (
    select * from {{ ref('stg_stripe__credit_notes') }}
    where not is_deleted
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
    where stripe_customer_id is not null
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- Where nothing was ever carried over from Stripe, nothing is awaited.
final as (
    select
        credit_notes.credit_note_id as tracking_key,
        credit_notes.credit_note_id as row_id,
        customers.account_id,
        credit_notes.currency,
        case when credit_notes.status = 'void' then 0 else credit_notes.amount_minor end as amount_minor,
        cast(null as numeric) as quantity,
        {{ utc_date('coalesce(credit_notes.effective_at, credit_notes.created_at)') }} as business_on,
        {{ utc_date('credit_notes.created_at') }} as due_on,
        'credit note ' || credit_notes.credit_note_id || ' of ' || credit_notes.invoice_id
        || coalesce(' (' || {{ file_line('loads', 'credit_notes.line_no') }} || ')', '') as evidence,
        credit_notes.status as document_status,
        cast(null as bigint) as tax_minor,
        case when credit_notes.status = 'void' then 1 else 0 end as void_count,
        0 as edited_count
    from credit_notes
    left join customers on credit_notes.customer_id = customers.stripe_customer_id
    left join loads on credit_notes.load_id = loads.load_id
    where exists (select 1 from {{ ref('recon_b4__erp_credit_notes') }})
)

select * from final
