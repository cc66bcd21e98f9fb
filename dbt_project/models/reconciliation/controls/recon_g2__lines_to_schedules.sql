{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare('G2', left=ref('recon_g2__invoiced_lines'), right=ref('recon_g2__scheduled_lines')) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'MISSING_RIGHT': 'NO_SCHEDULE', 'AMOUNT': 'SCHEDULE_SUM', 'MISSING_LEFT': 'STALE'}) }} as break_class
    from compared
),

final as (
    {{ control_rows('named') }}
)

select * from final
