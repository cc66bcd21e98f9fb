{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'U2',
        left=ref('recon_u2__received'),
        right=ref('recon_u2__accounted'),
        totals=['duplicate_count', 'unrated_count', 'aged_count']
    ) }}
),

-- Twenty repeated rows and a twentieth of the file: more than producers' retries bring on an ordinary day.
named as (
    select
        compared.*,
        case
            when outcome = 'MATCHED' and right_unrated_count > 0 then 'REJECT_UNRATED'
            when outcome = 'MATCHED' and right_aged_count > 0 then 'QUAR_AGE'
            when outcome = 'MATCHED' and right_duplicate_count >= 20 and right_duplicate_count * 20 > left_quantity
                then 'DUP_RATE'
            else {{ named_outcome({'QUANTITY': 'IDENTITY'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows(
        'named',
        totals=['duplicate_count', 'unrated_count', 'aged_count'],
        counted="case break_class when 'REJECT_UNRATED' then right_unrated_count when 'QUAR_AGE' then right_aged_count "
        ~ "else right_duplicate_count end"
    ) }}
)

select * from final
