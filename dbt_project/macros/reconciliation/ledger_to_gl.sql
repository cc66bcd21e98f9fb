{#-
    Both sides of G2 and G3: accounts of the journal, and the accounts of the general ledger that they are mapped to, by
    closed month and currency, credit positive. Only months whose journal is in the ERP (transactions with the id
    tieout-...): before that there is nothing to compare, and the gate `transfer` says so.
-#}
{% macro ledger_to_gl_side(accounts, side) -%}
with

closed as (
    select * from {{ source('ledger', 'periods') }}
    where status = 'closed'
),

gl_accounts as (
    select * from {{ ref('int_ledger__gl_accounts') }}
    where account in ('{{ accounts | join("', '") }}')
),

erp_lines as (
    select * from {{ ref('int_ledger__erp_gl_lines') }}
),

transferred as (
    select
        closed.entity,
        closed.period
    from closed
    inner join erp_lines
        on
            closed.period = erp_lines.posted_month
            and substr(erp_lines.external_id, 1, length('tieout-' || closed.entity || '-'))
            = 'tieout-' || closed.entity || '-'
    group by closed.entity, closed.period
),

mapped as (
    select
        transferred.entity,
        transferred.period,
        gl_accounts.account,
        gl_accounts.gl_account
    from transferred
    inner join gl_accounts
        on
            transferred.entity = gl_accounts.entity
            and transferred.period >= gl_accounts.valid_from
            and (gl_accounts.valid_to is null or transferred.period < gl_accounts.valid_to)
),

{% if side == 'journal' -%}
lines as (
    select
        mapped.entity,
        mapped.period,
        mapped.gl_account,
        lines.currency,
        lines.amount_minor
    from {{ source('ledger', 'journal_lines') }} as lines
    inner join mapped
        on
            lines.entity = mapped.entity
            and lines.posted_period = mapped.period
            and lines.account = mapped.account
),

sums as (
    select
        entity,
        period,
        gl_account,
        currency,
        sum(amount_minor) as amount_minor,
        cast(count(*) as text) || ' journal lines' as evidence
    from lines
    group by entity, period, gl_account, currency
),
{%- else -%}
gl_of_months as (
    select distinct
        entity,
        period,
        gl_account
    from mapped
),

sums as (
    select
        gl_of_months.entity,
        gl_of_months.period,
        gl_of_months.gl_account,
        erp_lines.currency,
        sum(erp_lines.amount_minor) as amount_minor,
        cast(count(*) as text) || ' postings' as evidence
    from gl_of_months
    inner join erp_lines
        on gl_of_months.period = erp_lines.posted_month and gl_of_months.gl_account = erp_lines.gl_account
    group by gl_of_months.entity, gl_of_months.period, gl_of_months.gl_account, erp_lines.currency
),
{%- endif %}

final as (
    select
        entity || '|' || {{ month_text('period') }} || '|' || gl_account || '|' || currency as tracking_key,
        entity || '|' || {{ month_text('period') }} || '|' || gl_account || '|' || currency as row_id,
        cast(null as text) as account_id,
        currency,
        cast(-amount_minor as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        period as business_on,
        period as due_on,
        evidence || ' of ' || {{ month_text('period') }} || ' on ' || gl_account as evidence
    from sums
    where amount_minor <> 0
)

select * from final
{%- endmacro %}
