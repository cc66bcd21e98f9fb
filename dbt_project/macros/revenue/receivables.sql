{#-
    Receivables by days past due, and the credit loss expected of them (ASC 326-20, IFRS 9.5.5.15 and B5.5.35).

    receivables: relation or name of a CTE, one row a receivable and bucket that the book has, with
        book_id, receivable_id
        open_minor numeric      open on the day of the report, minor units
        days_past_due integer   as_of - due day; not due and due today are not past due
        bucket integer          lower bound of a bucket in days; a receivable is in the greatest one strictly below its days,
                                in the least one when there is none
        loss_rate numeric       share that is expected to be lost (0.05 = 5 %, exact)

    Gives one row a bucket of a book: book_id, bucket, open_minor, allowance_minor (half to even of the bucket's total). Buckets
    without receivables are there with 0; receivable_id is null where a book has nothing open.
-#}
{% macro receivables_by_age(receivables) -%}
    select
        book_id,
        bucket,
        coalesce(sum(case when is_bucket_of_receivable then open_minor end), 0) as open_minor,
        {{ half_even(
            'coalesce(sum(case when is_bucket_of_receivable then open_minor end), 0) * max(loss_rate)'
        ) }} as allowance_minor
    from (
        {{ placed_by_age(receivables) }}
    ) as placed
    group by book_id, bucket
{%- endmacro %}


{#- What a period expenses for expected losses: from the allowance that is left after write-offs up to the one required. -#}
{% macro allowance_expense(required_allowance, opening_allowance, write_offs) -%}
    ({{ required_allowance }} - ({{ opening_allowance }} - {{ write_offs }}))
{%- endmacro %}


{#- Rows of receivables and buckets as above, with is_bucket_of_receivable; loss_rate is not read. -#}
{% macro placed_by_age(receivables) -%}
    select
        receivables.*,
        row_number() over (
            partition by book_id, receivable_id
            order by case when bucket < days_past_due then 0 else 1 end,
                case when bucket < days_past_due then -bucket else bucket end
        ) = 1 as is_bucket_of_receivable
    from {{ receivables }} as receivables
{%- endmacro %}


{#-
    Open receivables of invoices at the end of months, in their bucket by days past due.

    balances: name of a CTE, one row an invoice and month that something is open at the end of: entity, period, source_system,
        invoice_id, customer_id, currency, functional_currency, open_minor, functional_open_minor
    invoices: name of a CTE: int_billing__invoices
    buckets: name of a CTE: ageing_buckets

    Gives those columns with due_on (the invoice date where no day was agreed), days_past_due at the last day of the month,
    bucket and bucket_name.
-#}
{% macro aged_receivables(balances, invoices, buckets) -%}
    {%- set due_on = 'coalesce(invoices.due_on, invoices.invoice_on)' -%}
    {#- Every number of days is placed once, however many receivables have it. -#}
    {%- set ages -%}
        (
            select
                'all' as book_id,
                ages.age_id as receivable_id,
                ages.days_past_due,
                buckets.bucket,
                buckets.bucket_name
            from (
                select distinct
                    age_id,
                    days_past_due
                from receivables
            ) as ages
            cross join {{ buckets }} as buckets
        )
    {%- endset -%}
    with receivables_of_invoices as (
        select
            balances.*,
            {{ due_on }} as due_on,
            {{ days_between(due_on, add_days(add_months_to_date('balances.period', 1), -1)) }} as days_past_due
        from {{ balances }} as balances
        left join {{ invoices }} as invoices
            on balances.source_system = invoices.billing_system and balances.invoice_id = invoices.invoice_id
    ),

    receivables as (
        select
            receivables_of_invoices.*,
            coalesce(cast(days_past_due as text), 'no due day') as age_id
        from receivables_of_invoices
    ),

    placed as (
        {{ placed_by_age(ages) }}
    )

    select
        receivables.entity,
        receivables.period,
        receivables.source_system,
        receivables.invoice_id,
        receivables.customer_id,
        receivables.currency,
        receivables.functional_currency,
        receivables.due_on,
        receivables.days_past_due,
        placed.bucket,
        placed.bucket_name,
        cast(receivables.open_minor as bigint) as open_minor,
        cast(receivables.functional_open_minor as bigint) as functional_open_minor
    from receivables
    inner join placed on receivables.age_id = placed.receivable_id
    where placed.is_bucket_of_receivable
{%- endmacro %}
