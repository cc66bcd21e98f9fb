{{ config(materialized='view') }}

with

explanations as (
    select * from {{ ref('stg_recon__explanations') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

-- The clock stands at the midnight after the last delivered day; an explanation holds until the day before it expires.
valid as (
    select
        explanations.*,
        row_number() over (partition by explanations.break_id, explanations.version order by explanations.event_no desc)
            as newest_no
    from explanations
    cross join clock
    where explanations.expires_on >= clock.as_of_on
),

final as (
    select
        break_id,
        version,
        cast(sum(amount_minor) as bigint) as explained_minor,
        count(*) as explanation_count,
        max(case when newest_no = 1 then cause end) as cause,
        min(expires_on) as expires_on
    from valid
    group by break_id, version
)

select * from final
