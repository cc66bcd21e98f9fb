{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_ledger_gate__periods') }}
),

builds as (
    select * from {{ ref('stg_ops__builds') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

built as (
    select max(to_load_seq) as load_seq
    from builds
    where status = 'succeeded'
),

waiting as (
    select
        loads.system || ': files that are loaded and not built' as reason,
        count(*) as row_count
    from loads
    cross join built
    where loads.load_seq > built.load_seq
    group by loads.system
),

last_started as (
    select max(started_at) as started_at
    from builds
),

broken as (
    select
        'the last build, of ' || builds.holder || ', did not end well' as reason,
        cast(1 as bigint) as row_count
    from builds
    inner join last_started on builds.started_at = last_started.started_at
    where builds.status = 'failed'
),

reasons as (
    select * from waiting
    union all
    select * from broken
),

final as (
    select
        periods.entity,
        periods.period_month,
        'builds' as gate,
        'xxx' as currency,
        reasons.reason,
        reasons.row_count,
        cast(null as bigint) as amount_minor
    from periods
    cross join reasons
)

select * from final
