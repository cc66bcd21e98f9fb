{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'F1',
        left=ref('recon_f1__used_rates'),
        right=ref('recon_f1__table_rates'),
        carry=['used_rate'],
        totals=['stale_count']
    ) }}
),

named as (
    select
        compared.*,
        case
            when outcome = 'QUANTITY' and left_stale_count > 0 then 'RATE_STALE'
            else {{ named_outcome({'MISSING_RIGHT': 'RATE_MISSING', 'QUANTITY': 'RATE_SOURCE_MIX'}) }}
        end as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['used_rate'], totals=['stale_count']) }}
)

select * from final
