{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_gate__periods') }}
),

quarantined as (
    select * from {{ ref('int_quarantine__open_records') }}
    where reason <> 'late_excluded'
),

final as (
    select
        periods.period_month,
        'quarantine' as gate,
        cast(null as text) as control_id,
        'xxx' as currency,
        quarantined.system || '/' || quarantined.object
        || ': lines in quarantine (' || quarantined.reason || ')' as reason,
        count(*) as break_count,
        cast(null as bigint) as amount_minor
    from periods
    inner join quarantined
        on
            periods.period_month <= quarantined.delivered_on
            and periods.inputs_due_on > quarantined.delivered_on
    group by periods.period_month, quarantined.system, quarantined.object, quarantined.reason
)

select * from final
