{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'P2',
        left=ref('recon_p2__scheduled'),
        right=ref('recon_p2__observed'),
        totals=['self_count', 'empty_count', 'stale_count']
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome in ('MISSING_RIGHT', 'QUANTITY') then 'NOT_RUN'
            when outcome = 'MATCHED' and right_self_count > 0 then 'SELF_COMPARISON'
            when outcome = 'MATCHED' and right_empty_count > 0 then 'ZERO_POPULATION'
            when outcome = 'MATCHED' and right_stale_count > 0 then 'RAN_ON_STALE_INPUT'
            else {{ named_outcome() }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', totals=['self_count', 'empty_count', 'stale_count']) }}
)

select * from final
