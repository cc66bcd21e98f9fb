{{ config(indexes=[{'columns': ['billing_system', 'side', 'row_id'], 'unique': true}]) }}

with

unmatched as (
    select * from {{ ref('recon_unmatched_lines') }}
),

overlapping as (
    select
        charges.billing_system,
        charges.row_id as charge_id,
        charges.charge_key,
        lines.row_id as invoice_line_id,
        lines.charge_key as line_key,
        charges.period_start >= lines.period_start and charges.period_end <= lines.period_end as is_within,
        lines.period_start < charges.period_start or lines.period_end > charges.period_end as is_beyond,
        count(*) over (partition by charges.billing_system, lines.row_id) as charge_count,
        count(*) over (partition by charges.billing_system, charges.row_id) as line_count
    from unmatched as charges
    inner join unmatched as lines
        on
            charges.billing_system = lines.billing_system
            and charges.subscription_item_id = lines.subscription_item_id
            and charges.period_kind = lines.period_kind
            and charges.period_start < lines.period_end
            and charges.period_end > lines.period_start
    where charges.side = 'left' and lines.side = 'right'
),

-- One charge and one line that have nobody else: the line is the charge's, with another period.
shifted as (
    select * from overlapping
    where charge_count = 1 and line_count = 1
),

-- Several charges and one line that holds them all: the line bills them together.
consolidated as (
    select
        overlapping.*,
        min(case when is_within and line_count = 1 then 1 else 0 end) over (
            partition by billing_system, invoice_line_id
        ) as holds_all
    from overlapping
    where charge_count > 1
),

final as (
    select
        billing_system,
        'right' as side,
        invoice_line_id as row_id,
        charge_key as tracking_key,
        case when is_beyond then 'PERIOD_OVERLAP' else 'PERIOD_GAP' end as period_fault
    from shifted
    union all
    select
        billing_system,
        'left' as side,
        charge_id as row_id,
        line_key as tracking_key,
        cast(null as text) as period_fault
    from consolidated
    where holds_all = 1
    union all
    select distinct
        billing_system,
        'right' as side,
        invoice_line_id as row_id,
        line_key as tracking_key,
        cast(null as text) as period_fault
    from consolidated
    where holds_all = 1
)

select * from final
