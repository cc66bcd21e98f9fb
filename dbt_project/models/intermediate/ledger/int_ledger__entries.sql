{{ config(indexes=[{'columns': ['entry_key', 'line_ref', 'account', 'currency'], 'unique': true}]) }}

with

transaction_entries as (
    select * from {{ ref('int_ledger__transaction_entries') }}
),

functional_entries as (
    select * from {{ ref('int_ledger__functional_entries') }}
),

remeasurements as (
    select * from {{ ref('int_ledger__remeasurements') }}
),

functional_lines as (
    select * from {{ ref('int_ledger__functional_lines') }}
),

unconverted as (
    select * from {{ ref('int_ledger__unconverted') }}
),

line_attributes as (
    select * from {{ ref('int_ledger__lines') }}
),

invoice_attributes as (
    select * from {{ ref('int_ledger__invoices') }}
),

foreign_lines as (
    select
        ledger_line_id,
        functional_currency
    from functional_lines
),

foreign_invoices as (
    select distinct
        ledger_invoice_id,
        functional_currency
    from functional_lines
    where ledger_invoice_id is not null
),

booked as (
    select
        transaction_entries.*,
        transaction_entries.amount as amount_minor,
        cast(null as bigint) as functional_minor
    from transaction_entries
    union all
    select
        functional_entries.*,
        cast(0 as bigint) as amount_minor,
        functional_entries.amount as functional_minor
    from functional_entries
    union all
    select
        remeasurements.*,
        cast(0 as bigint) as amount_minor,
        remeasurements.amount as functional_minor
    from remeasurements
),

-- What has no rate is not booked until there is one: int_ledger__unconverted lists it.
described as (
    select
        booked.source_id,
        booked.rule,
        1 as rule_version,
        {{ month_start('booked.booked_on') }} as original_period,
        booked.booked_on,
        coalesce(line_attributes.account_id, invoice_attributes.account_id) as customer_id,
        coalesce(line_attributes.invoice_id, invoice_attributes.invoice_id) as invoice_id,
        line_attributes.invoice_line_id,
        booked.line_id,
        booked.account,
        coalesce(line_attributes.currency, invoice_attributes.currency) as currency,
        coalesce(
            foreign_lines.functional_currency,
            foreign_invoices.functional_currency,
            line_attributes.currency,
            invoice_attributes.currency
        ) as functional_currency,
        booked.amount_minor,
        case
            when booked.functional_minor is not null then booked.functional_minor
            when foreign_lines.functional_currency is null and foreign_invoices.functional_currency is null
                then booked.amount_minor
            else 0
        end as functional_minor
    from booked
    left join line_attributes on booked.line_id = line_attributes.ledger_line_id
    left join invoice_attributes on booked.invoice_id = invoice_attributes.ledger_invoice_id
    left join foreign_lines on booked.line_id = foreign_lines.ledger_line_id
    left join foreign_invoices on booked.invoice_id = foreign_invoices.ledger_invoice_id
    where not exists (
        select 1 from unconverted
        where booked.invoice_id = unconverted.ledger_invoice_id or booked.line_id = unconverted.ledger_line_id
    )
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
        functional_currency,
        cast(sum(amount_minor) as bigint) as amount_minor,
        cast(sum(functional_minor) as bigint) as functional_minor
    from described
    group by
        source_id, rule, rule_version, original_period, customer_id, invoice_id, invoice_line_id, line_id, account,
        currency, functional_currency
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
        functional_currency,
        functional_minor
    from summed
    where amount_minor <> 0 or functional_minor <> 0
)

select * from final
