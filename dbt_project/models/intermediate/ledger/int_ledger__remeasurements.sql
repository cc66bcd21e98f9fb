with

functional_lines as (
    select * from {{ ref('int_ledger__functional_lines') }}
),

transaction_entries as (
    select * from {{ ref('int_ledger__transaction_entries') }}
    where account = 'accounts_receivable'
),

functional_entries as (
    select * from {{ ref('int_ledger__functional_entries') }}
    where account = 'accounts_receivable'
),

unconverted as (
    select * from {{ ref('int_ledger__unconverted') }}
    where ledger_invoice_id is not null
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
    where policy = 'receivables_remeasurement'
),

rates as (
    select * from {{ ref('int_fx__daily_rates') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

foreign_invoices as (
    select distinct
        ledger_invoice_id as invoice_id,
        currency,
        functional_currency,
        exponent,
        functional_exponent
    from functional_lines
    where
        ledger_invoice_id is not null
        and ledger_invoice_id not in (select unconverted.ledger_invoice_id from unconverted)
),

booked as (
    select
        invoice_id,
        {{ month_start('booked_on') }} as month_on,
        0 as open_minor,
        amount as carried_minor
    from functional_entries
    union all
    select
        transaction_entries.invoice_id,
        {{ month_start('transaction_entries.booked_on') }} as month_on,
        transaction_entries.amount as open_minor,
        0 as carried_minor
    from transaction_entries
    inner join foreign_invoices on transaction_entries.invoice_id = foreign_invoices.invoice_id
),

months as (
    select
        invoice_id,
        month_on,
        sum(open_minor) as open_minor,
        sum(carried_minor) as carried_minor
    from booked
    group by invoice_id, month_on
),

running as (
    select
        invoice_id,
        month_on,
        lead(month_on) over (partition by invoice_id order by month_on) as changes_on,
        sum(open_minor) over (partition by invoice_id order by month_on) as open_minor,
        sum(carried_minor) over (partition by invoice_id order by month_on) as carried_minor
    from months
),

-- Months that have ended, in which something was open at the end.
open_spans as (
    select
        running.*,
        least(
            coalesce(running.changes_on, {{ month_start('clock.as_of_on') }}), {{ month_start('clock.as_of_on') }}
        ) as until_on
    from running
    cross join clock
    where running.open_minor <> 0 or running.carried_minor <> 0
),

open_months as (
    select
        open_spans.invoice_id,
        ends.month_on,
        {{ add_days(add_months_to_date('ends.month_on', 1), -1) }} as ends_on,
        open_spans.open_minor,
        open_spans.carried_minor
    from open_spans
    cross join {{ month_series('open_spans.month_on', 'open_spans.until_on', 'ends') }}
),

balances as (
    select
        open_months.invoice_id as book_id,
        open_months.month_on,
        open_months.open_minor,
        open_months.carried_minor,
        rates.rate_numerator,
        rates.rate_denominator,
        foreign_invoices.exponent,
        foreign_invoices.functional_exponent
    from open_months
    inner join foreign_invoices on open_months.invoice_id = foreign_invoices.invoice_id
    inner join rates
        on
            open_months.ends_on = rates.rate_on
            and foreign_invoices.currency = rates.from_currency
            and foreign_invoices.functional_currency = rates.to_currency
            and rates.status <> 'missing'
    left join policies
        on
            open_months.ends_on >= policies.valid_from
            and (policies.valid_to is null or open_months.ends_on < policies.valid_to)
    where policies.value is distinct from 'none'
),

remeasured as (
    {{ unrealised_fx('balances') }}
),

final as (
    select
        book_id as source_id,
        case when is_reversal then 'fx_reversal' else 'fx_remeasurement' end as rule,
        booked_on,
        book_id as invoice_id,
        cast(null as text) as line_id,
        account,
        cast(amount as bigint) as amount
    from remeasured
)

select * from final
