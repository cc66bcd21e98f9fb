{{ config(
    materialized='incremental',
    incremental_strategy=strategy_by_touch(),
    partition_by=divided_by('load_id'),
    touched={'relation': 'touched_usage_loads', 'columns': ['load_id']},
    pre_hook="{{ make_touched_usage_loads() }}",
    indexes=[{'columns': ['load_id', 'quarantined_load_id', 'quarantined_line_no'], 'unique': true}],
) }}

{%- set days = quarantined_usage_days() %}
{%- set load_seqs = touched_usage_load_seqs() %}
{%- set deliveries = touched_usage_deliveries() %}

with

quarantined as (
    select * from {{ ref('int_quarantine__identified_events') }}
),

events as (
    select * from {{ ref('stg_usage__events') }}
    where
        occurred_on in ({{ literal_dates(days) }})
        {%- if is_incremental() %}
        and load_seq in ({{ literal_integers(load_seqs) }}) and delivered_on in ({{ literal_dates(deliveries) }})
        {%- endif %}
),

final as (
    select distinct
        events.load_id,
        quarantined.load_id as quarantined_load_id,
        quarantined.line_no as quarantined_line_no
    from quarantined
    inner join events
        on
            quarantined.source = events.source
            and quarantined.event_id = events.event_id
            and quarantined.occurred_on = events.occurred_on
            and quarantined.load_seq < events.load_seq
)

select * from final
