{#-
    What is to be posted: what the rules say today, less what was posted before, as a parenthesised subquery to stand in a
    `from`. One row an entry, line, account and currency that differs; nothing for what does not. Debit positive, minor
    units. A fact that is no longer so gives rows that take back what was posted. Posting a row makes it disappear.

    entries: one row entry_key, line_ref, account, currency (int_ledger__entries). lines: any number of rows of the same
    columns but booked_on, with what was posted (ledger.journal_lines). Both: entity, entry_key, line_ref, source_system,
    source_id, rule, rule_version, original_period, customer_id, invoice_id, invoice_line_id, account, currency,
    amount_minor, functional_currency, functional_minor; entries also booked_on.
-#}
{% macro ledger_differences(entries, lines) -%}
    {%- set columns = [
        'entity', 'entry_key', 'line_ref', 'source_system', 'source_id', 'rule', 'rule_version', 'original_period',
        'customer_id', 'invoice_id', 'invoice_line_id', 'account', 'currency', 'functional_currency',
    ] -%}
    (
        with said_and_posted as (
            select
                {{ columns | join(',\n                ') }},
                booked_on,
                amount_minor,
                functional_minor
            from {{ entries }}
            union all
            select
                {{ columns | join(',\n                ') }},
                cast(null as date) as booked_on,
                -amount_minor,
                -functional_minor
            from {{ lines }}
        )

        select
            {{ columns | join(',\n            ') }},
            max(booked_on) as booked_on,
            cast(sum(amount_minor) as bigint) as amount_minor,
            cast(sum(functional_minor) as bigint) as functional_minor
        from said_and_posted
        group by {{ columns | join(', ') }}
        having sum(amount_minor) <> 0 or sum(functional_minor) <> 0
    )
{%- endmacro %}
