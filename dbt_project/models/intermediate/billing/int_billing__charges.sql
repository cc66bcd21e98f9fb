with

rated_charges as (
    select * from {{ ref('int_rating__charges') }}
),

late_usage_lines as (
    select * from {{ ref('int_billing__late_usage_lines') }}
),

final as (
    select
        charge_id,
        charge_key,
        billing_system,
        account_id,
        subscription_id,
        subscription_item_id,
        price_code,
        line_kind,
        period_start,
        period_end,
        quantity,
        rated_quantity,
        unit_amount_minor,
        gross_exact,
        gross_minor,
        minimum_minor,
        currency,
        discount_percent,
        billed_at
    from rated_charges
    union all
    select
        charge_id,
        charge_key,
        billing_system,
        account_id,
        subscription_id,
        subscription_item_id,
        price_code,
        line_kind,
        period_start,
        period_end,
        quantity,
        quantity as rated_quantity,
        unit_amount_minor,
        cast(gross_minor as {{ exact_number() }}) as gross_exact,
        gross_minor,
        cast(null as bigint) as minimum_minor,
        currency,
        discount_percent,
        billed_at
    from late_usage_lines
)

select * from final
