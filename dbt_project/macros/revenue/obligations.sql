{#-
    What leaves deferred revenue after the end of a month, of what was billed by then: a row a month of billing and month.

    entries: name of a CTE: entries of deferred_revenue as the rules say them (int_ledger__entries)
    invoices: name of a CTE: int_ledger__invoices
    periods: name of a CTE: entity, period (first day of a month)

    Gives entity, period, currency, billed_in (null for what is on no invoice), month_on, released_minor: what leaves is positive.
-#}
{% macro deferred_releases(entries, invoices, periods) -%}
    select
        periods.entity,
        periods.period,
        by_month.currency,
        by_month.billed_in,
        by_month.month_on,
        by_month.released_minor
    from {{ periods }} as periods
    inner join (
        select
            entries.entity,
            entries.currency,
            {{ month_start('invoices.billed_on') }} as billed_in,
            entries.original_period as month_on,
            sum(entries.amount_minor) as released_minor
        from {{ entries }} as entries
        left join {{ invoices }} as invoices
            on entries.source_system = invoices.billing_system and entries.invoice_id = invoices.invoice_id
        group by entries.entity, entries.currency, {{ month_start('invoices.billed_on') }}, entries.original_period
    ) as by_month
        on
            periods.entity = by_month.entity
            and (by_month.billed_in is null or periods.period >= by_month.billed_in)
            and periods.period < by_month.month_on
{%- endmacro %}


{#-
    Remaining performance obligations at the end of months: deferred revenue to release, and what contracts still bill.

    releases: name of a CTE: deferred_releases
    contracted_months: name of a CTE: int_revenue__contracted_months; they are those of the one company that billing knows,
        the books' entity main
    periods: name of a CTE: entity, period, as_of (the day after the month)

    Gives one row entity, period and currency with deferred_minor, unbilled_minor, total_minor, within_12_months_minor,
    after_12_months_minor.
-#}
{% macro obligations_at_month_ends(releases, contracted_months, periods) -%}
    {%- set months -%}
        (
            select
                releases.entity || '|' || {{ date_text('releases.period') }} || '|' || releases.currency as line_id,
                releases.entity,
                releases.period,
                periods.as_of,
                releases.currency,
                releases.month_on as from_on,
                {{ add_months_to_date('releases.month_on', 1) }} as until_on,
                releases.released_minor as amount,
                releases.released_minor as billed
            from {{ releases }} as releases
            inner join {{ periods }} as periods
                on releases.entity = periods.entity and releases.period = periods.period
            union all
            select
                periods.entity || '|' || {{ date_text('periods.period') }} || '|' || contracted_months.line_id as line_id,
                periods.entity,
                periods.period,
                periods.as_of,
                contracted_months.currency,
                contracted_months.earned_from_on as from_on,
                contracted_months.earned_until_on as until_on,
                contracted_months.amount_minor as amount,
                0 as billed
            from {{ periods }} as periods
            inner join {{ contracted_months }} as contracted_months
                on periods.entity = 'main' and periods.as_of <= contracted_months.billed_on
        )
    {%- endset -%}
    {%- set lines -%}
        (
            select
                line_id,
                entity,
                period,
                as_of,
                currency,
                cast(sum(amount) as bigint) as amount,
                cast(sum(billed) as bigint) as billed
            from {{ months }} as months
            group by line_id, entity, period, as_of, currency
        )
    {%- endset -%}
    select
        lines.entity,
        lines.period,
        lines.currency,
        cast(sum(obligations.deferred) as bigint) as deferred_minor,
        cast(sum(obligations.unbilled_rpo) as bigint) as unbilled_minor,
        cast(sum(obligations.total) as bigint) as total_minor,
        cast(sum(obligations.within_12_months) as bigint) as within_12_months_minor,
        cast(sum(obligations.after_12_months) as bigint) as after_12_months_minor
    from {{ lines }} as lines
    inner join (
        {{ remaining_obligations(lines, months) }}
    ) as obligations on lines.line_id = obligations.line_id
    group by lines.entity, lines.period, lines.currency
{%- endmacro %}
