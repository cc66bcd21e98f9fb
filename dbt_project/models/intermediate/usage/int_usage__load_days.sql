{{ config(
    materialized='incremental',
    incremental_strategy=strategy_by_touch(),
    partition_by=divided_by('load_id'),
    touched={'relation': 'touched_usage_loads', 'columns': ['load_id']},
    pre_hook="{{ make_touched_usage_loads() }}",
    indexes=[{'columns': ['load_id', 'occurred_on'], 'unique': true}],
) }}

with

events as (
    select * from {{ ref('stg_usage__events') }}
    {%- set load_seqs = touched_usage_load_seqs() %}
    {%- set deliveries = touched_usage_deliveries() %}
    {%- if is_incremental() %}
    where load_seq in ({{ literal_integers(load_seqs) }}) and delivered_on in ({{ literal_dates(deliveries) }})
    {%- endif %}
),

final as (
    select
        load_id,
        occurred_on,
        count(*) as event_count
    from events
    group by load_id, occurred_on
)

select * from final
