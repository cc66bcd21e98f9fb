{{ config(materialized='table', indexes=[{'columns': ['meter_code'], 'unique': true}]) }}

with

rated as (
    select * from {{ ref('int_rating__rated_lines') }}
    where basis = 'as_now_known' and line_kind = 'usage'
),

by_currency as (
    select
        meter_code,
        currency,
        sum(quantity) as quantity,
        sum(gross_minor) as gross_minor
    from rated
    group by meter_code, currency
    having sum(quantity) > 0
),

-- One price a meter: that of the currency in which most units are rated.
ranked as (
    select
        by_currency.*,
        row_number() over (partition by meter_code order by quantity desc, currency asc) as rank_in_meter
    from by_currency
),

final as (
    select
        meter_code,
        currency,
        quantity,
        gross_minor
    from ranked
    where rank_in_meter = 1
)

select * from final
