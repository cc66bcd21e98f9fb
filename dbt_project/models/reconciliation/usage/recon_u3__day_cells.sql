{{ config(
    materialized=kept_by_change(),
    incremental_strategy='replace_touched',
    touched={'relation': 'changed_days', 'columns': ['usage_on']},
    pre_hook="{{ make_changed_days(
        [ref('recon_resummed_usage'), ref('int_usage__daily')], usage_days_of_moved_closings()
    ) }}",
    indexes=[{'columns': ['meter_code', 'usage_on'], 'unique': true}, {'columns': ['usage_on']}],
) }}

{#- Rendered before the condition, so that dbt sees what the model depends on when it parses. #}
{%- set all_days = ref('recon_resummed_days') %}
{%- set usage = ref('recon_resummed_usage') %}
{%- set days_of_changed = resummed_days('changed_usage') %}

with

{% if is_incremental() -%}
changed_usage as (
    select * from {{ usage }}
    where usage_on in (select usage_on from changed_days)
),

resummed_days as (
    {{ days_of_changed }}
),

aggregated_days as (
    select * from {{ ref('recon_aggregated_days') }}
    where usage_on in (select usage_on from changed_days)
),

{%- else -%}
resummed_days as (
    select * from {{ all_days }}
),

aggregated_days as (
    select * from {{ ref('recon_aggregated_days') }}
),
{%- endif %}

closings as (
    select * from {{ ref('recon_u3__closings') }}
),

resummed as (
    {{ totals_of_days('resummed_days') }}
),

aggregated as (
    {{ totals_of_days('aggregated_days') }}
),

-- Weighed by account: an error here and its opposite there leave the sum of a cell as it is, not its weight.
compared as (
    select
        coalesce(resummed.meter_code, aggregated.meter_code) as meter_code,
        coalesce(resummed.usage_on, aggregated.usage_on) as usage_on,
        coalesce(resummed.event_count, 0) as left_event_count,
        coalesce(resummed.quantity_sum, 0) as left_quantity_sum,
        coalesce(aggregated.event_count, 0) as right_event_count,
        coalesce(aggregated.quantity_sum, 0) as right_quantity_sum,
        coalesce(
            resummed.event_count = aggregated.event_count
            and resummed.quantity_sum is not distinct from aggregated.quantity_sum
            and resummed.count_weight = aggregated.count_weight
            and resummed.quantity_weight = aggregated.quantity_weight
            and resummed.late_count = 0,
            false
        ) as is_equal
    from resummed
    full join aggregated
        on resummed.meter_code = aggregated.meter_code and resummed.usage_on = aggregated.usage_on
),

final as (
    select
        compared.*,
        closings.load_seq as closed_load_seq
    from compared
    left join closings on {{ month_start('compared.usage_on') }} = closings.period
)

select * from final
