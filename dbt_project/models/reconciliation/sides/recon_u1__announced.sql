{{ config(materialized='view') }}

with

totals as (
    select * from {{ ref('stg_usage__control_totals') }}
    where not is_deleted
),

landed as (
    select * from {{ ref('recon_u1__landed') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

manifests as (
    select
        totals.source,
        {{ utc_date('totals.window_start_at') }} as window_on,
        totals.event_count,
        totals.quantity_sum,
        'manifest (' || {{ file_line('loads', 'totals.line_no') }} || ')' as evidence
    from totals
    left join loads on totals.load_id = loads.load_id
),

windows as (
    select
        source,
        window_on
    from manifests
    union
    select
        source,
        business_on as window_on
    from landed
),

spans as (
    select
        source,
        min(window_on) as first_on,
        max(window_on) as last_on
    from windows
    group by source
),

-- Every day between a source's first and last window is expected to be announced, so that silence shows.
days as (
    select
        spans.source,
        days.day_on
    from spans
    cross join {{ day_series('spans.first_on', add_days('spans.last_on', 1), 'days') }}
),

final as (
    select
        {{ usage_window_key('days.source', 'days.day_on') }} as tracking_key,
        {{ usage_window_key('days.source', 'days.day_on') }} as row_id,
        cast(null as {{ text_type() }}) as account_id,
        cast(null as {{ text_type() }}) as currency,
        cast(null as bigint) as amount_minor,
        coalesce(manifests.event_count, 0) as quantity,
        days.day_on as business_on,
        {{ add_days('days.day_on', 1) }} as due_on,
        coalesce(manifests.evidence, 'no manifest') as evidence,
        case when manifests.source is not null then 1 else 0 end as manifest_count,
        coalesce(manifests.quantity_sum, 0) as quantity_sum
    from days
    left join manifests on days.source = manifests.source and days.day_on = manifests.window_on
)

select * from final
