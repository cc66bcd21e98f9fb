{{ config(materialized='view') }}

with

rolled as (
    select * from {{ ref('recon_c5__rolled') }}
    where is_rolled and category_count > 0
),

entries as (
    select * from {{ ref('stg_stripe__balance_summaries') }}
    where not is_deleted and category not in ('starting_balance', 'ending_balance')
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        rolled.summary_key || '|' || entries.category as tracking_key,
        entries.balance_summary_id as row_id,
        cast(null as text) as account_id,
        entries.currency,
        entries.net_minor as amount_minor,
        cast(null as numeric) as quantity,
        {{ add_days('entries.end_on', -1) }} as business_on,
        {{ add_days('entries.end_on', -1) }} as due_on,
        'balance summary ' || entries.balance_summary_id
        || coalesce(' (' || {{ file_line('loads', 'entries.line_no') }} || ')', '') as evidence
    from rolled
    inner join entries
        on
            rolled.currency = entries.currency
            and rolled.start_on = entries.start_on
            and rolled.end_on = entries.end_on
    left join loads on entries.load_id = loads.load_id
    where coalesce(entries.net_minor, 1) <> 0
)

select * from final
