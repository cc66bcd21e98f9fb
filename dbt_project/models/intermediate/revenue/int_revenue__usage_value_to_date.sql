{%- set tier_columns = [
    'tiers.lower_bound', 'tiers.upper_bound', 'tiers.unit_amount_minor', 'tiers.flat_amount_minor',
] -%}
with

usage_to_date as (
    select * from {{ ref('int_revenue__usage_to_date') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

tiers as (
    select * from {{ ref('int_catalog__price_tiers') }}
),

billable as (
    select
        usage_to_date.*,
        prices.charge_model,
        prices.unit_amount_minor,
        prices.package_size,
        {{ units_over_allowance('usage_to_date.quantity_to_date', 'prices.included_quantity') }} as units
    from usage_to_date
    inner join prices on usage_to_date.price_code = prices.price_code
),

tiered as (
    select
        billable.invoice_line_id,
        billable.month_on,
        sum(case
            when billable.charge_model = 'graduated'
                then {{ graduated_tier_amount('billable.units', *tier_columns) }}
            else {{ volume_tier_amount('billable.units', *tier_columns) }}
        end) as tier_value
    from billable
    inner join tiers on billable.price_code = tiers.price_code
    where billable.charge_model in ('graduated', 'volume')
    group by billable.invoice_line_id, billable.month_on
),

final as (
    select
        billable.invoice_line_id,
        billable.month_on,
        billable.net_minor,
        {{ round_half_up(
            'coalesce(tiered.tier_value, case billable.charge_model when \'package\' then '
            ~ package_amount('billable.units', 'billable.package_size', 'billable.unit_amount_minor')
            ~ ' else billable.units * billable.unit_amount_minor end)'
        ) }} as value_to_date_minor
    from billable
    left join tiered
        on billable.invoice_line_id = tiered.invoice_line_id and billable.month_on = tiered.month_on
)

select * from final
