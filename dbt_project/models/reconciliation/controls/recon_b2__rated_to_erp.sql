{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'B2',
        left=ref('recon_b2__expected'),
        right=ref('recon_b2__invoiced'),
        carry=['price_code', 'line_kind', 'unit_amount_minor', 'period_fault'],
        totals=['gross_minor', 'discount_minor'],
        max_left=none,
        max_right='coalesce(left_row_count, 1)'
    ) }}
),

named as (
    {{ billing_break_classes(
        'compared', missing='SCHEDULE_MISS', unexpected='MANUAL_LINE', compares_rates=true, names_tiers=false
    ) }}
),

final as (
    {{ control_rows(
        'named',
        carry=['price_code', 'line_kind', 'unit_amount_minor'],
        totals=['gross_minor', 'discount_minor']
    ) }}
)

select * from final
