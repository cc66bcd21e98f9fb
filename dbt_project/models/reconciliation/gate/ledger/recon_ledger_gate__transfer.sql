{{ config(materialized='view') }}

with

months as (
    select * from {{ ref('recon_ledger_gate__periods') }}
),

closed as (
    select * from {{ source('ledger', 'periods') }}
    where status = 'closed'
),

-- The ERP converts and revalues itself: what moves the functional amount alone is not transferred.
lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where amount_minor <> 0
),

gl_accounts as (
    select * from {{ ref('int_ledger__gl_accounts') }}
),

erp_lines as (
    select * from {{ ref('int_ledger__erp_gl_lines') }}
),

erp_months as (
    select distinct posted_month
    from erp_lines
),

posted as (
    select
        closed.entity,
        closed.period,
        gl_accounts.gl_account,
        lines.currency,
        sum(lines.amount_minor) as posted_minor
    from closed
    inner join erp_months on closed.period = erp_months.posted_month
    inner join lines on closed.entity = lines.entity and closed.period = lines.posted_period
    inner join gl_accounts
        on
            lines.entity = gl_accounts.entity
            and lines.account = gl_accounts.account
            and lines.posted_period >= gl_accounts.valid_from
            and (gl_accounts.valid_to is null or lines.posted_period < gl_accounts.valid_to)
    group by closed.entity, closed.period, gl_accounts.gl_account, lines.currency
),

-- The import file of the close package names its journals so.
transferred as (
    select
        closed.entity,
        closed.period,
        erp_lines.gl_account,
        erp_lines.currency,
        sum(erp_lines.amount_minor) as transferred_minor
    from closed
    inner join erp_lines
        on
            closed.period = erp_lines.posted_month
            and substr(erp_lines.external_id, 1, length('tieout-' || closed.entity || '-'))
            = 'tieout-' || closed.entity || '-'
    group by closed.entity, closed.period, erp_lines.gl_account, erp_lines.currency
),

both_sides as (
    select
        entity,
        period,
        gl_account,
        currency,
        posted_minor,
        0 as transferred_minor,
        0 as is_transferred
    from posted
    union all
    select
        entity,
        period,
        gl_account,
        currency,
        0 as posted_minor,
        transferred_minor,
        1 as is_transferred
    from transferred
),

compared as (
    select
        entity,
        period,
        gl_account,
        currency,
        sum(posted_minor) as posted_minor,
        sum(transferred_minor) as transferred_minor,
        max(max(is_transferred)) over (partition by entity, period) as is_any_transferred
    from both_sides
    group by entity, period, gl_account, currency
),

differences as (
    select
        entity,
        period,
        currency,
        {{ month_text('period') }} || ', account ' || coalesce(gl_account, '(none)') || ': posted '
        || cast(posted_minor as text) || ', in the ERP ' || cast(transferred_minor as text) || ' minor units' as reason,
        cast(1 as bigint) as row_count,
        cast(posted_minor - transferred_minor as bigint) as amount_minor
    from compared
    where is_any_transferred = 1 and posted_minor <> transferred_minor
    union all
    select
        entity,
        period,
        'xxx' as currency,
        {{ month_text('period') }} || ' is closed and no journal of it is in the ERP' as reason,
        count(*) as row_count,
        cast(null as bigint) as amount_minor
    from compared
    where is_any_transferred = 0
    group by entity, period
),

final as (
    select
        months.entity,
        months.period_month,
        'transfer' as gate,
        differences.currency,
        differences.reason,
        differences.row_count,
        differences.amount_minor
    from months
    inner join differences on months.entity = differences.entity and months.period_month > differences.period
)

select * from final
