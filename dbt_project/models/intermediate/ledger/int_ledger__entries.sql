{{ config(indexes=[{'columns': ['entry_key', 'line_ref', 'account', 'currency'], 'unique': true}]) }}

with

invoices as (
    select
        ledger_invoice_id as invoice_id,
        billed_on,
        net_minor as net,
        tax_minor as tax,
        balance_applied_minor as balance_applied
    from {{ ref('int_ledger__invoices') }}
),

lines as (
    select
        ledger_invoice_id as invoice_id,
        ledger_line_id as line_id,
        line_no,
        billed_on,
        net_minor as amount,
        tax_minor as tax,
        dated_on,
        is_accrued_in_own_month as accrues_in_own_month
    from {{ ref('int_ledger__lines') }}
),

pieces as (
    select * from {{ ref('int_ledger__plan_pieces') }}
),

events as (
    select
        event_id,
        ledger_invoice_id as invoice_id,
        event_type,
        event_on,
        event_no,
        amount_minor as amount,
        fee_minor as fee,
        refund_minor as refund,
        to_balance_minor as to_balance,
        out_of_band_minor as out_of_band,
        is_out_of_band,
        is_reinstated,
        reverses_event_id
    from {{ ref('int_ledger__events') }}
    where ledger_invoice_id is not null
),

line_attributes as (
    select * from {{ ref('int_ledger__lines') }}
),

invoice_attributes as (
    select * from {{ ref('int_ledger__invoices') }}
),

entries as (
    {{ subledger('lines', 'pieces', 'invoices', 'events') }}
),

described as (
    select
        entries.source_id,
        entries.rule,
        1 as rule_version,
        {{ month_start('entries.booked_on') }} as original_period,
        entries.booked_on,
        coalesce(line_attributes.account_id, invoice_attributes.account_id) as customer_id,
        coalesce(line_attributes.invoice_id, invoice_attributes.invoice_id) as invoice_id,
        line_attributes.invoice_line_id,
        entries.line_id,
        entries.account,
        coalesce(line_attributes.currency, invoice_attributes.currency) as currency,
        entries.amount
    from entries
    left join line_attributes on entries.line_id = line_attributes.ledger_line_id
    left join invoice_attributes on entries.invoice_id = invoice_attributes.ledger_invoice_id
),

-- Several movements of one account in one entry are one.
summed as (
    select
        source_id,
        rule,
        rule_version,
        original_period,
        min(booked_on) as booked_on,
        customer_id,
        invoice_id,
        invoice_line_id,
        line_id,
        account,
        currency,
        cast(sum(amount) as bigint) as amount_minor
    from described
    group by
        source_id, rule, rule_version, original_period, customer_id, invoice_id, invoice_line_id, line_id, account, currency
),

final as (
    select
        source_id || '|' || rule || '|' || cast(rule_version as text) || '|' || {{ month_text('original_period') }}
            as entry_key,
        coalesce(substr(line_id, strpos(line_id, '|') + 1), '') as line_ref,
        'main' as entity,
        substr(source_id, 1, strpos(source_id, '|') - 1) as source_system,
        substr(source_id, strpos(source_id, '|') + 1) as source_id,
        rule,
        rule_version,
        original_period,
        booked_on,
        customer_id,
        invoice_id,
        invoice_line_id,
        account,
        currency,
        amount_minor,
        currency as functional_currency,
        amount_minor as functional_minor
    from summed
    where amount_minor <> 0
)

select * from final
