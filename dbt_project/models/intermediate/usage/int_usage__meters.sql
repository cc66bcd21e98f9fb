{{ config(materialized='table', indexes=[{'columns': ['event_type'], 'unique': true}]) }}

with

meters as (
    select * from {{ ref('stg_catalog__meters') }}
    where not is_deleted and event_type is not null
),

groups as (
    select
        meter_code,
        {{ joined_in_order('group_field', '|', 'group_no') }} as group_fields
    from {{ ref('int_usage__meter_groups') }}
    group by meter_code
),

filters as (
    select
        meter_code,
        {{ joined_text("filter_field || '=' || allowed_value", '|') }} as filter_values
    from {{ ref('int_usage__meter_filters') }}
    group by meter_code
),

prices as (
    select
        meter_code,
        bool_or(charge_model = 'percentage') as is_per_transaction,
        bool_or(price_per = 'hour') as is_per_hour
    from {{ ref('stg_catalog__prices') }}
    where not is_deleted and kind = 'usage'
    group by meter_code
),

-- Two meters may name one event type by mistake: the first by code measures it, so that no event counts twice.
ranked as (
    select
        meters.*,
        row_number() over (partition by event_type order by meter_code) as claim_no
    from meters
),

-- A quotient of no finite length is rounded where its meter does not say how, so that every engine keeps the same
-- digits.
described as (
    select
        ranked.event_type,
        ranked.meter_code,
        coalesce(ranked.aggregation, 'sum') as aggregation,
        ranked.key_field,
        ranked.operation_field,
        ranked.multiplier,
        coalesce(ranked.bucket_minutes, case when prices.is_per_hour then 60 end) as bucket_minutes,
        coalesce(ranked.rounding_digits, case when {{ is_quotient('ranked.aggregation') }} then 9 end)
            as rounding_digits,
        coalesce(ranked.rounding_mode, case when {{ is_quotient('ranked.aggregation') }} then 'half_up' end)
            as rounding_mode,
        ranked.window_start,
        ranked.window_end,
        ranked.initial_value,
        coalesce(ranked.carries_over, false) as carries_over,
        groups.group_fields,
        filters.filter_values,
        coalesce(prices.is_per_transaction, false) as is_per_transaction
    from ranked
    left join groups on ranked.meter_code = groups.meter_code
    left join filters on ranked.meter_code = filters.meter_code
    left join prices on ranked.meter_code = prices.meter_code
    where ranked.claim_no = 1
),

final as (
    select
        described.*,
        not {{ is_additive('aggregation') }}
        or is_per_transaction
        or coalesce(cast(bucket_minutes as text), window_start, group_fields, filter_values) is not null as is_detailed,
        {{ hash_key([
            'meter_code', 'aggregation', 'key_field', 'operation_field', 'multiplier', 'bucket_minutes',
            'rounding_digits', 'rounding_mode', 'window_start', 'window_end', 'group_fields', 'filter_values', 'is_per_transaction',
        ]) }} as meter_definition
    from described
)

select * from final
