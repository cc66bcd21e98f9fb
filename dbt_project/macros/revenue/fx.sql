{#-
    Foreign currency (ASC 830-10-45-17, ASC 830-20-35; IAS 21.21 to 21.28). A rate is functional currency per one unit of the
    currency of the transaction, both in major units, as an exact ratio: columns rate_numerator and rate_denominator. Amounts are
    minor units, each in its currency; exponents are the decimals of the minor units.

    The functional book of an invoice is the subledger run over its amounts at the rate of the invoice's day: what is deferred
    and earned, taxes and contra accounts stay at that rate. Cash moves at the rate of its own day, the difference is realised.
    What is open at a month's end is remeasured and put back on the first day of the next month.
-#}


{#- Functional minor units of an amount, half to even, at the rate of the row's columns. -#}
{% macro functional_minor(amount, numerator='rate_numerator', denominator='rate_denominator') -%}
    {{ half_even(
        '(' ~ amount ~ ') * ' ~ numerator ~ ' * ' ~ power_of_ten('functional_exponent - exponent'), denominator
    ) }}
{%- endmacro %}


{#-
    What happens to invoices, in the functional currency.

    invoices: relation or name of a CTE, one row an invoice, with
        invoice_id, rate_numerator, rate_denominator, exponent, functional_exponent
        total_minor, functional_total_minor     its total with tax, as its lines were converted
    events: one row an event, with
        invoice_id, event_id
        event_on, event_no      order of the events of an invoice
        event_family text       events that settle the same thing share a family: its amounts are converted as running
                                totals, so that they add up to the invoice's however often it is paid
        amount numeric          minor units
        rate_numerator, rate_denominator    of the day on which cash moves

    Gives every row of events with functional_minor (at the invoice's rate) and settled_minor (at the event's).
-#}
{% macro functional_events(invoices, events) -%}
    with running_totals as (
        select
            events.*,
            invoices.rate_numerator as invoice_rate_numerator,
            invoices.rate_denominator as invoice_rate_denominator,
            invoices.exponent,
            invoices.functional_exponent,
            invoices.total_minor,
            invoices.functional_total_minor,
            sum(events.amount) over (
                partition by events.invoice_id, events.event_family
                order by events.event_on, events.event_no, events.event_id
            ) as amount_to_date
        from {{ events }} as events
        inner join {{ invoices }} as invoices on events.invoice_id = invoices.invoice_id
    ),

    converted_totals as (
        select
            running_totals.*,
            case
                when amount_to_date = total_minor then functional_total_minor
                else {{ functional_minor(
                    'amount_to_date', 'invoice_rate_numerator', 'invoice_rate_denominator'
                ) }}
            end as functional_to_date
        from running_totals
    )

    select
        converted_totals.*,
        functional_to_date - lag(functional_to_date, 1, 0) over (
            partition by invoice_id, event_family order by event_on, event_no, event_id
        ) as functional_minor,
        {{ functional_minor('amount') }} as settled_minor
    from converted_totals
{%- endmacro %}


{#-
    What cash at the rate of its own day realises, beside the functional book.

    events: one row an event that moves cash, with event_id, booked_on, is_received (else it is paid out), functional_minor and
    settled_minor as functional_events gives them.

    Gives event_id, booked_on, account (cash, fx_realized) and amount (functional minor units, debit positive, never 0).
-#}
{% macro realised_fx(events) -%}
    select
        event_id,
        booked_on,
        account,
        case when account = 'cash' then gain else -gain end as amount
    from (
        select
            event_id,
            booked_on,
            case when is_received then 1 else -1 end * (settled_minor - functional_minor) as gain
        from {{ events }} as events
    ) as settled
    cross join (values ('cash'), ('fx_realized')) as accounts (account)
    where gain <> 0
{%- endmacro %}


{#-
    Receivables at the rate of a month's end, and back again.

    balances: one row a book and month that has a rate, with
        book_id, month_on date (first day of the month)
        open_minor                  open at the month's end, minor units of its currency
        carried_minor               the same in the functional book
        rate_numerator, rate_denominator        of the month's end
        exponent, functional_exponent

    Gives book_id, is_reversal, booked_on (last day of the month; the first of the next when it goes back), account
    (accounts_receivable, fx_unrealized) and amount (functional minor units, debit positive, never 0).
-#}
{% macro unrealised_fx(balances) -%}
    select
        book_id,
        sides.is_reversal,
        case when sides.is_reversal then {{ add_months_to_date('month_on', 1) }} else {{ add_days(
            add_months_to_date('month_on', 1), -1
        ) }} end as booked_on,
        sides.account,
        case when sides.is_reversal = (sides.account = 'fx_unrealized') then gain else -gain end as amount
    from (
        select
            book_id,
            month_on,
            {{ functional_minor('open_minor') }} - carried_minor as gain
        from {{ balances }} as balances
    ) as remeasured
    cross join (
        values
        ('accounts_receivable', false),
        ('fx_unrealized', false),
        ('accounts_receivable', true),
        ('fx_unrealized', true)
    ) as sides (account, is_reversal)
    where gain <> 0
{%- endmacro %}
