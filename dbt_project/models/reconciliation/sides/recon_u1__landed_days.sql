{{ config(
    materialized='incremental',
    incremental_strategy=strategy_by_touch(),
    partition_by=divided_by('occurred_on'),
    touched={'relation': 'touched_usage_days', 'columns': ['occurred_on']},
    pre_hook="{{ make_touched_usage_days() }}",
    indexes=[{'columns': ['source', 'occurred_on'], 'unique': true}],
) }}

{%- set days = touched_usage_days() %}

with

resummed as (
    select * from {{ ref('recon_resummed_usage') }}
    {%- if is_incremental() %}
    where occurred_on in ({{ literal_dates(days) }})
    {%- endif %}
),

final as (
    select
        source,
        occurred_on,
        cast(sum(event_count) as bigint) as event_count,
        sum(quantity_sum) as quantity_sum
    from resummed
    group by source, occurred_on
)

select * from final
