{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_closing__periods') }}
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
),

-- In force on the last day of the month.
final as (
    select
        periods.entity,
        periods.period,
        policies.policy,
        policies.value,
        policies.valid_from,
        policies.valid_to
    from periods
    inner join policies
        on periods.as_of > policies.valid_from and (periods.as_of <= policies.valid_to or policies.valid_to is null)
)

select * from final
