{{ config(indexes=[{'columns': ['charge_id'], 'unique': true}]) }}

with

charges as (
    select * from {{ ref('int_rating__charges') }}
),

late_usage as (
    select * from {{ ref('int_rating__late_usage_adjustments') }}
),

final as (
    select
        charges.charge_id,
        charges.charge_key,
        charges.billing_system,
        charges.account_id,
        charges.subscription_id,
        charges.subscription_item_id,
        charges.price_code,
        charges.price_version,
        charges.charge_model,
        charges.meter_code,
        charges.line_kind,
        charges.period_start,
        charges.period_end,
        charges.currency,
        charges.quantity,
        charges.rated_quantity,
        charges.packages,
        charges.unit_amount_minor,
        charges.convention_from,
        charges.rounding_mode,
        charges.proration_unit,
        charges.share_active,
        charges.share_whole,
        charges.commitment_used_exact,
        charges.overage_exact,
        charges.true_up_exact,
        charges.gross_exact,
        charges.rated_minor,
        charges.over_maximum_minor,
        charges.to_minimum_minor,
        charges.gross_minor,
        coalesce(late_usage.quantity_as_now_known - late_usage.quantity_as_invoiced, 0) as late_quantity,
        coalesce(late_usage.adjustment_minor, 0) as late_usage_adjustment_minor,
        charges.billed_at
    from charges
    left join late_usage on charges.charge_id = late_usage.charge_id
)

select * from final
