{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'M1',
        left=ref('recon_m1__links'),
        right=ref('recon_m1__records'),
        carry=['stated_account', 'earlier_id'],
        totals=['gone_count', 'order_count', 'undeclared_count'],
        max_left='case when left_undeclared_count = 0 then left_row_count else 1 end'
    ) }}
),

-- What is gone, or never ordered, need not be linked to anything.
named as (
    select
        compared.*,
        case
            when outcome = 'MISSING_LEFT' and (right_gone_count > 0 or right_order_count = 0) then null
            when outcome = 'MATCHED' and right_gone_count > 0 then 'MERGED_IN_SOURCE'
            when outcome = 'MATCHED' and left_row_count = 1 and left_stated_account <> right_stated_account then 'CONFLICT'
            when outcome = 'MATCHED' and left_earlier_id is not null then 'LINK_FLIP'
            else {{ named_outcome({
                'DUPLICATE': 'ONE_TO_MANY', 'MISSING_RIGHT': 'UNLINKED', 'MISSING_LEFT': 'UNLINKED',
            }) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['stated_account', 'earlier_id'], totals=['gone_count', 'order_count']) }}
)

select * from final
