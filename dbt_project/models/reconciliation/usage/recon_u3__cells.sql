{{ config(indexes=[{'columns': ['meter_code', 'usage_month'], 'unique': true}]) }}

with

resummed as (
    select
        meter_code,
        {{ month_start('usage_on') }} as usage_month,
        sum(event_count) as event_count,
        sum(quantity_sum) as quantity_sum,
        sum({{ cell_weight('account_id', 'usage_on') }} * event_count) as count_weight,
        sum({{ cell_weight('account_id', 'usage_on') }} * coalesce(quantity_sum, 0)) as quantity_weight,
        sum(late_count) as late_count
    from {{ ref('recon_resummed_days') }}
    group by meter_code, {{ month_start('usage_on') }}
),

aggregated as (
    select
        meter_code,
        {{ month_start('usage_on') }} as usage_month,
        sum(event_count) as event_count,
        sum(quantity_sum) as quantity_sum,
        sum({{ cell_weight('account_id', 'usage_on') }} * event_count) as count_weight,
        sum({{ cell_weight('account_id', 'usage_on') }} * coalesce(quantity_sum, 0)) as quantity_weight
    from {{ ref('recon_aggregated_days') }}
    group by meter_code, {{ month_start('usage_on') }}
),

-- Weighed by account and day: an error here and its opposite there leave the sum of a cell as it is, not its weight.
final as (
    select
        coalesce(resummed.meter_code, aggregated.meter_code) as meter_code,
        coalesce(resummed.usage_month, aggregated.usage_month) as usage_month,
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
        on resummed.meter_code = aggregated.meter_code and resummed.usage_month = aggregated.usage_month
)

select * from final
