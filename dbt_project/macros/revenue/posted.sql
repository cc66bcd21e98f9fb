{#-
    The roll-forward of a posted account: what stood in the books, what moved it and why, month by month.

    movements: name of a CTE: int_ledger__account_movements
    periods: name of a CTE: the months of the books (entity, period, status)
    account: the account of the subledger
    causes: name of a cause -> condition on a movement (rule, side)
    sign: 1 shows debits positive, -1 credits

    Gives one row entity, period, currency and functional_currency, from the account's first movement to the last month
    of the books: opening_minor, <cause>_minor ..., adjusted_minor, closing_minor, the same as functional_*, is_closed.
-#}
{% macro posted_rollforward(movements, periods, account, causes, sign) -%}
    {{ with_period_status(rollforward_of(
        through_last_period(
            "(select * from " ~ movements ~ " as of_account where account = '" ~ account ~ "')", periods,
            ['currency', 'functional_currency'], sign
        ),
        causes=causes,
        keys=['entity', 'currency', 'functional_currency'],
        measures={'amount_minor': '*_minor', 'functional_minor': 'functional_*_minor'}
    ), periods) }}
{%- endmacro %}


{#-
    Movements as rollforward_of takes them, parenthesised: month_on is the month that they were posted in; a movement of
    nothing in the last month of the books carries every balance that far.
-#}
{% macro through_last_period(movements, periods, keys, sign=1) -%}
    (
        select
            movements.entity,
            {%- for key in keys %}
            movements.{{ key }},
            {%- endfor %}
            movements.posted_period as month_on,
            movements.rule,
            movements.side,
            {{ sign }} * movements.amount_minor as amount_minor,
            {{ sign }} * movements.functional_minor as functional_minor
        from {{ movements }} as movements
        union all
        select
            moved.entity,
            {%- for key in keys %}
            moved.{{ key }},
            {%- endfor %}
            last_periods.period as month_on,
            '' as rule,
            '' as side,
            0 as amount_minor,
            0 as functional_minor
        from (
            select distinct entity, {{ keys | join(', ') }}
            from {{ movements }} as movements
        ) as moved
        inner join (
            select
                entity,
                max(period) as period
            from {{ periods }} as periods
            group by entity
        ) as last_periods on moved.entity = last_periods.entity
    )
{%- endmacro %}


{#- Rows of a roll-forward with whether their month is closed, and their month named period. -#}
{% macro with_period_status(rolled, periods) -%}
    select
        rolled.*,
        rolled.month_on as period,
        periods.status = 'closed' as is_closed
    from (
        {{ rolled }}
    ) as rolled
    inner join {{ periods }} as periods on rolled.entity = periods.entity and rolled.month_on = periods.period
{%- endmacro %}


{#- The columns of a roll-forward with the given causes, as whole minor units. -#}
{% macro rollforward_columns(causes) -%}
    {%- for prefix in ['', 'functional_'] %}
    {%- for name in ['opening'] + causes + ['adjusted', 'closing'] %}
        cast({{ prefix }}{{ name }}_minor as bigint) as {{ prefix }}{{ name }}_minor,
    {%- endfor %}
    {%- endfor %}
        is_closed
{%- endmacro %}


{#- Whether the incremental model has not seen a posting yet: numbers rise, and lines only come with one. -#}
{% macro is_new_posting(postings) -%}
    {%- if is_incremental() -%}
        {{ postings }}.posting_no > (
            select coalesce(max(known.posting_no), 0)
            from {{ this }} as known
            where known.entity = {{ postings }}.entity
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#- Accounts in which revenue is recognised, and with those that take it back, the accounts of net revenue. -#}
{% macro recognised_accounts() -%}
    ('revenue', 'breakage_revenue')
{%- endmacro %}

{% macro revenue_accounts() -%}
    ('revenue', 'breakage_revenue', 'refunds', 'disputes', 'credit_notes', 'voids')
{%- endmacro %}


{#-
    The lines of a posting, a relation to stand after `cross join`. They are looked up posting by posting (`offset 0` keeps
    Postgres from joining the whole journal at once), so that the cost is that of the postings asked for.
-#}
{% macro lines_of_posting(postings, journal_lines, alias) -%}
    lateral (
        select lines.*
        from {{ journal_lines }} as lines
        where lines.entity = {{ postings }}.entity and lines.posting_no = {{ postings }}.posting_no
        offset 0
    ) as {{ alias }}
{%- endmacro %}
