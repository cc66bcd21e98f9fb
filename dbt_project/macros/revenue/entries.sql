{#- From plans and events to double entry. Every macro gives rows of the one shape
        source_id, rule, booked_on, invoice_id, line_id, account, amount (minor units, debit positive, never 0)
    where invoice_id is null of what is not billed yet, line_id of what belongs to no single line. -#}

{#- One row of the relation and account whose amount is not 0. `amounts` is a dictionary: account to expression. -#}
{% macro entries_of(relation, rule, amounts, line_id='line_id') -%}
    select
        source_id,
        rule,
        booked_on,
        invoice_id,
        line_id,
        account,
        cast(amount as bigint) as amount
    from (
        select
            booked.source_id,
            {{ rule }} as rule,
            booked.booked_on,
            booked.invoice_id,
            {{ line_id }} as line_id,
            accounts.account,
            case accounts.account
                {%- for account, amount in amounts.items() %}
                when '{{ account }}' then {{ amount }}
                {%- endfor %}
            end as amount
        from {{ relation }} as booked
        cross join (
            {%- for account in amounts %}
            select '{{ account }}' as account
            {%- if not loop.last %}
            union all
            {%- endif %}
            {%- endfor %}
        ) as accounts
    ) as unpivoted
    where amount <> 0
{%- endmacro %}


{#-
    Billing: what invoices put on receivables, on taxes and on the lines.

    invoices: one row an invoice: invoice_id, billed_on, net, tax, balance_applied (of the customer's credit; negative adds to
        what is due)
    lines: one row an invoice line: invoice_id, line_id, billed_on, amount
    pieces: the plan of those lines, with is_accrued
-#}
{% macro invoice_entries(invoices, lines, pieces) -%}
    {%- set total = 'net + tax' -%}
    select * from (
        {{ entries_of(
            '(select invoices.*, invoices.invoice_id as source_id, invoices.billed_on as booked_on from '
            ~ invoices ~ ' as invoices)',
            "'invoice'",
            {
                'accounts_receivable': 'greatest(' ~ total ~ ', 0) - balance_applied',
                'customer_credit_balance': 'least(' ~ total ~ ', 0) + balance_applied',
                'tax_payable': '-tax',
            },
            line_id='cast(null as text)',
        ) }}
    ) as documents
    union all
    select * from (
        {{ entries_of(
            '(
                select
                    lines.invoice_id,
                    lines.line_id,
                    lines.invoice_id as source_id,
                    lines.billed_on as booked_on,
                    lines.amount,
                    coalesce(accrued.amount, 0) as accrued
                from ' ~ lines ~ ' as lines
                left join (
                    select
                        line_id,
                        sum(amount) as amount
                    from ' ~ pieces ~ ' as pieces
                    where is_accrued
                    group by line_id
                ) as accrued on lines.line_id = accrued.line_id
                where lines.billed_on is not null
            )',
            "'invoice'",
            {'unbilled_receivable': '-accrued', 'deferred_revenue': 'accrued - amount'},
        ) }}
    ) as lines
{%- endmacro %}


{#-
    Revenue of every line and month, out of deferred revenue, or as not billed yet where it is accrued.

    pieces: the plan that holds in the end: line_id, from_on, until_on, amount, is_accrued
    lines: one row a line: invoice_id, line_id, billed_on (null while it is not billed), and
        dated_on date                   from when an accrual is known
        accrues_in_own_month boolean    whether an accrual stands in the months of service even before that day

    booked_on is the first day that is booked in the month.
-#}
{% macro revenue_entries(pieces, lines) -%}
    {{ entries_of(
        '(
            select
                invoice_id,
                line_id,
                line_id as source_id,
                is_accrued,
                min(booked_on) as booked_on,
                sum(amount) as earned
            from (
                select
                    lines.invoice_id,
                    pieces.line_id,
                    pieces.is_accrued,
                    pieces.amount,
                    case
                        when pieces.is_accrued and lines.accrues_in_own_month then pieces.from_on
                        when pieces.is_accrued then greatest(pieces.from_on, lines.dated_on)
                        else greatest(pieces.from_on, lines.billed_on)
                    end as booked_on
                from ' ~ pieces ~ ' as pieces
                inner join ' ~ lines ~ ' as lines on pieces.line_id = lines.line_id
            ) as booked_pieces
            group by invoice_id, line_id, is_accrued, ' ~ month_start('booked_on') ~ '
        )',
        "case when is_accrued then 'unbilled' else 'schedule' end",
        {
            'revenue': '-earned',
            'unbilled_receivable': 'case when is_accrued then earned else 0 end',
            'deferred_revenue': 'case when is_accrued then 0 else earned end',
        },
    ) }}
{%- endmacro %}


{#-
    What payments of invoices out of which nothing is taken book, and the fees of all other events.

    payments, fees: rows of events as invoice_steps takes them, with fee and is_out_of_band
-#}
{% macro payment_entries(payments) -%}
    {{ entries_of(
        '(select payments.*, event_id as source_id, event_on as booked_on from ' ~ payments ~ ' as payments)',
        "'payment'",
        {
            'cash': 'case when is_out_of_band then 0 else amount - coalesce(fee, 0) end',
            'external_asset': 'case when is_out_of_band then amount - coalesce(fee, 0) else 0 end',
            'fees': 'coalesce(fee, 0)',
            'accounts_receivable': '-amount',
        },
        line_id='cast(null as text)',
    ) }}
{%- endmacro %}

{% macro fee_entries(fees) -%}
    {{ entries_of(
        '(select fees.*, event_id as source_id, event_on as booked_on from ' ~ fees ~ ' as fees)',
        'event_type',
        {'fees': 'coalesce(fee, 0)', 'cash': '-coalesce(fee, 0)'},
        line_id='cast(null as text)',
    ) }}
{%- endmacro %}


{#-
    What events take out of invoices and put back.

    states: as reduction_states gives them
    steps: as invoice_steps gives them, with fee and is_out_of_band
-#}
{% macro step_entries(states, steps) -%}
    {%- set contra_accounts = {
        'refunds': "('refund')",
        'disputes': "('dispute', 'dispute_won')",
        'voids': "('void')",
        'credit_notes': "('credit_note', 'credit_note_void')",
    } -%}
    {%- set of_lines = {'deferred_revenue': 'taken_deferred - returned_deferred'} -%}
    {%- set of_invoices = {
        'tax_payable': 'taken_tax - returned_tax',
        'accounts_receivable': 'receivable_change',
        'bad_debt': 'bad_debt_change',
        'recoverables': '-recoverables_change',
        'cash': "case event_type
                    when 'payment' then case when is_out_of_band then 0 else amount - coalesce(fee, 0) end
                    when 'refund' then -amount
                    when 'dispute' then -amount
                    when 'dispute_won' then amount
                    when 'credit_note' then -coalesce(refund, 0)
                    when 'credit_note_void' then case when is_putting_back then coalesce(target_refund, 0) else 0 end
                    else 0
                end",
        'external_asset':
            "case when event_type = 'payment' and is_out_of_band then amount - coalesce(fee, 0) else 0 end",
        'fees': "case when event_type = 'payment' then coalesce(fee, 0) else 0 end",
        'customer_credit_balance': "customer_balance_change + case event_type
                    when 'credit_note' then -coalesce(to_balance, 0)
                    when 'credit_note_void' then case when is_putting_back then coalesce(target_to_balance, 0) else 0 end
                    else 0
                end",
        'external_credit_liability': "case event_type
                    when 'credit_note' then -coalesce(out_of_band, 0)
                    when 'credit_note_void' then case when is_putting_back then coalesce(target_out_of_band, 0) else 0 end
                    else 0
                end",
    } -%}
    {%- for account, types in contra_accounts.items() -%}
        {%- do of_lines.update({account: 'case when event_type in ' ~ types ~ ' then taken_contra - returned_contra else 0 end'}) -%}
    {%- endfor -%}
    {#- What a contra holds beyond the lines; the part of a credit note that is paid out as a refund changes its account. -#}
    {%- do of_invoices.update({
        'refunds': "case when event_type = 'refund' then beyond else refunded end",
        'disputes': "case when event_type in ('dispute', 'dispute_won') then beyond else 0 end",
        'voids': "case when event_type = 'void' then -bad_debt_change else 0 end",
        'credit_notes': "case when event_type in ('credit_note', 'credit_note_void') then beyond - refunded"
            ~ " - bad_debt_change else 0 end",
    }) -%}
    {%- set booked -%}
    (
        select
            states.invoice_id,
            states.line_id,
            states.line_no,
            states.taken_contra,
            states.taken_deferred,
            states.returned_contra,
            states.returned_deferred,
            states.taken_tax,
            states.returned_tax,
            states.beyond,
            states.receivable_change,
            states.bad_debt_change,
            states.recoverables_change,
            states.customer_balance_change,
            states.is_putting_back,
            steps.event_type,
            steps.amount,
            steps.fee,
            steps.is_out_of_band,
            steps.refund,
            steps.to_balance,
            steps.out_of_band,
            steps.target_refund,
            steps.target_to_balance,
            steps.target_out_of_band,
            steps.event_id as source_id,
            steps.event_on as booked_on,
            case steps.event_type
                when 'credit_note'
                    then coalesce({{ half_even(
                        '(states.contra_total + states.beyond) * coalesce(steps.refund, 0)',
                        'nullif(case when states.is_written_off then steps.paid_out else steps.amount end, 0)'
                    ) }}, 0)
                when 'credit_note_void'
                    then coalesce({{ half_even(
                        '(states.beyond - states.returned_contra_total) * coalesce(steps.target_refund, 0)',
                        'nullif(steps.target_amount, 0)'
                    ) }}, 0)
                else 0
            end as refunded
        from (
            select
                states.*,
                sum(returned_contra) over (partition by invoice_id, step) as returned_contra_total
            from {{ states }} as states
            where role = 'line' and step > 0
        ) as states
        inner join {{ steps }} as steps on states.invoice_id = steps.invoice_id and states.step = steps.step
    )
    {%- endset -%}
    select * from (
        {{ entries_of(booked, 'event_type', of_lines) }}
    ) as of_lines
    union all
    select * from (
        {{ entries_of('(select * from ' ~ booked ~ ' as lines where line_no = 1)', 'event_type', of_invoices,
            line_id='cast(null as text)') }}
    ) as of_invoices
{%- endmacro %}
