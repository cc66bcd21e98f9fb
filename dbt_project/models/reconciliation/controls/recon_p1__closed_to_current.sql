{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare('P1', left=ref('recon_p1__as_closed'), right=ref('recon_p1__current')) }}
),

named as (
    select
        compared.*,
        case when outcome not in ('MATCHED', 'TIMING_LEFT', 'TIMING_RIGHT') then 'RESTATED' end as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
