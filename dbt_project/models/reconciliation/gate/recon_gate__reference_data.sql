{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_gate__periods') }}
),

faults as (
    select * from {{ ref('recon_reference_faults') }}
),

-- A month waits when one of its days lies in the interval that is at fault.
final as (
    select
        periods.period_month,
        'reference data' as gate,
        cast(null as text) as control_id,
        'xxx' as currency,
        faults.file_line || ': ' || faults.object || ' ' || faults.record_key || ' (' || faults.fault || '): '
        || faults.remedy as reason,
        cast(1 as bigint) as break_count,
        cast(null as bigint) as amount_minor
    from periods
    inner join faults
        on
            periods.period_end_on > coalesce(faults.valid_from, periods.period_month)
            and (faults.valid_to is null or periods.period_month < faults.valid_to)
)

select * from final
