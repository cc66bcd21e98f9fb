{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'U3',
        left=ref('recon_u3__events'),
        right=ref('recon_u3__aggregates'),
        carry=['usage_on'],
        totals=['quantity_sum', 'late_count']
    ) }}
),

-- Usage that stands on the day before or after its own: the two days differ by equal and opposite counts.
moved as (
    select distinct here.tracking_key
    from compared as here
    inner join compared as there
        on
            split_part(here.tracking_key, '|', 1) || '|' || split_part(here.tracking_key, '|', 2)
            = split_part(there.tracking_key, '|', 1) || '|' || split_part(there.tracking_key, '|', 2)
            and abs({{ days_between(
                'coalesce(here.left_usage_on, here.right_usage_on)',
                'coalesce(there.left_usage_on, there.right_usage_on)',
            ) }}) = 1
            and coalesce(here.left_quantity, 0) - coalesce(here.right_quantity, 0)
            = coalesce(there.right_quantity, 0) - coalesce(there.left_quantity, 0)
    where here.outcome in ('QUANTITY', 'MISSING_LEFT', 'MISSING_RIGHT') and there.outcome <> 'MATCHED'
),

named as (
    select
        compared.*,
        case
            when moved.tracking_key is not null then 'BOUNDARY'
            when outcome = 'QUANTITY' and left_quantity > right_quantity then 'AGG_STALE'
            when outcome = 'MATCHED' and left_quantity_sum is distinct from right_quantity_sum then 'AGG_DRIFT'
            when outcome = 'MATCHED' and left_late_count > 0 then 'LATE_POST_CLOSE'
            else {{ named_outcome({
                'MISSING_RIGHT': 'AGG_STALE', 'MISSING_LEFT': 'AGG_ORPHAN', 'QUANTITY': 'AGG_DRIFT',
            }) }}
        end as break_class
    from compared
    left join moved on compared.tracking_key = moved.tracking_key
),

final as (
    {{ control_rows(
        'named',
        carry=['usage_on'],
        totals=['quantity_sum', 'late_count'],
        counted="case when break_class = 'LATE_POST_CLOSE' then left_late_count "
        ~ "else left_quantity_sum - right_quantity_sum end"
    ) }}
)

select * from final
