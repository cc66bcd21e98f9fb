{#- Usage whose value of the dimension has no unit amount, listed or for all others, would be missing.
    Rows: values with usage and no amount, and matrix prices whose meter is not grouped by their dimension alone. -#}
{{ config(severity='warn') }}

with

dimension_amounts as (
    select * from {{ ref('int_rating__dimension_amounts') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
    where charge_model = 'matrix'
),

meter_groups as (
    select
        meter_code,
        count(*) as group_count,
        min(group_field) as group_field
    from {{ ref('int_usage__meter_groups') }}
    group by meter_code
)

select
    charge_id as subject,
    dimension_value as detail
from dimension_amounts
where amount_exact is null
union all
select
    prices.price_code as subject,
    prices.dimension as detail
from prices
left join meter_groups on prices.meter_code = meter_groups.meter_code
where meter_groups.group_count is distinct from 1 or meter_groups.group_field is distinct from prices.dimension
