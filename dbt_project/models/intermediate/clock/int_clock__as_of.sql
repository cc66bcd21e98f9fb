{#- The business clock: the end of the last delivered day, or the variable as_of; never the wall clock. -#}
{%- set asked_for = timestamp_literal(var('as_of')) if var('as_of', none) is not none -%}
{%- set as_of_at = asked_for or end_of_utc_day('delivered_on') -%}
with

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

last_delivery as (
    select max(delivered_on) as delivered_on
    from loads
),

final as (
    select
        {{ as_of_at }} as as_of_at,
        {{ utc_date(as_of_at) }} as as_of_on
    from last_delivery
)

select * from final
