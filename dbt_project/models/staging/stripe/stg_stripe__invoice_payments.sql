with

records as (
    select * from {{ latest_version(source('stripe', 'invoice_payments')) }} as latest
),

invoices as (
    select * from {{ latest_version(source('stripe', 'invoices')) }} as latest
),

from_objects as (
    select
        record_id as invoice_payment_id,
        {{ json_reference('payload', 'invoice') }} as invoice_id,
        {{ json_text('payload', 'payment', 'type') }} as payment_type,
        {{ json_reference('payload', 'payment', 'payment_intent') }} as payment_intent_id,
        {{ json_reference('payload', 'payment', 'charge') }} as charge_id,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('payload', 'amount_paid'), json_text('payload', 'currency')) }} as amount_paid_minor,
        {{ stripe_minor(
            json_text('payload', 'amount_requested'),
            json_text('payload', 'currency')
        ) }} as amount_requested_minor,
        {{ json_text('payload', 'status') }} as status,
        {{ to_boolean(json_text('payload', 'is_default')) }} as is_default,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        {{ epoch_to_timestamp(json_text('payload', 'status_transitions', 'paid_at')) }} as paid_at,
        {{ epoch_to_timestamp(json_text('payload', 'status_transitions', 'canceled_at')) }} as canceled_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
),

-- Before API 2025-03-31 there were no payment objects: an invoice named the one payment that paid it.
from_invoices as (
    select
        record_id as invoice_id,
        {{ json_reference('payload', 'payment_intent') }} as payment_intent_id,
        {{ json_reference('payload', 'charge') }} as charge_id,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('payload', 'amount_paid'), json_text('payload', 'currency')) }} as amount_paid_minor,
        {{ stripe_minor(json_text('payload', 'amount_due'), json_text('payload', 'currency')) }}
            as amount_requested_minor,
        {{ epoch_to_timestamp(json_text('payload', 'status_transitions', 'paid_at')) }} as paid_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from invoices
    where
        coalesce({{ json_text('payload', 'payment_intent') }}, {{ json_text('payload', 'charge') }}) is not null
),

payments_of_invoices as (
    select
        invoice_id || '|' || coalesce(payment_intent_id, charge_id) as invoice_payment_id,
        invoice_id,
        case when payment_intent_id is null then 'charge' else 'payment_intent' end as payment_type,
        payment_intent_id,
        charge_id,
        currency,
        amount_paid_minor,
        amount_requested_minor,
        'paid' as status,
        true as is_default,
        paid_at as created_at,
        paid_at,
        cast(null as timestamp with time zone) as canceled_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from from_invoices
    where
        amount_paid_minor > 0
        and not exists (
            select 1
            from from_objects
            where from_objects.invoice_id = from_invoices.invoice_id
        )
),

final as (
    select * from from_objects
    union all
    select * from payments_of_invoices
)

select * from final
