{#- The business clock: the end of the last day that delivered anything, or the variable as_of. Never the wall clock. -#}
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
        {% if var('as_of', none) is not none -%}
        {{ timestamp_literal(var('as_of')) }} as as_of_at,
        {{ utc_date(timestamp_literal(var('as_of'))) }} as as_of_on
        {%- else -%}
        {{ end_of_utc_day('delivered_on') }} as as_of_at,
        {{ add_days('delivered_on', 1) }} as as_of_on
        {%- endif %}
    from last_delivery
)

select * from final
