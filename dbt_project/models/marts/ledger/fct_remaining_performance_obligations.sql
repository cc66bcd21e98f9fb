{{ config(indexes=[{'columns': ['entity', 'period', 'currency'], 'unique': true}]) }}

with

entries as (
    select * from {{ ref('int_ledger__entries') }}
    where account = 'deferred_revenue'
),

invoices as (
    select * from {{ ref('int_ledger__invoices') }}
),

contracted_months as (
    select * from {{ ref('int_revenue__contracted_months') }}
),

periods as (
    select
        entity,
        period,
        {{ add_months_to_date('period', 1) }} as as_of,
        status = 'closed' as is_closed
    from {{ source('ledger', 'periods') }}
),

releases as (
    {{ deferred_releases('entries', 'invoices', 'periods') }}
),

obligations as (
    {{ obligations_at_month_ends('releases', 'contracted_months', 'periods') }}
),

final as (
    select
        obligations.*,
        periods.is_closed
    from obligations
    inner join periods on obligations.entity = periods.entity and obligations.period = periods.period
)

select * from final
