{%- set keys = ['invoice_line_id', 'month_on'] -%}
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

-- What single events, days or values are priced by has no price of a quantity to date: every unit weighs the same.
measured as (
    select
        usage_to_date.invoice_line_id,
        usage_to_date.month_on,
        usage_to_date.net_minor,
        usage_to_date.price_code,
        case
            when prices.price_per <> 'period' or prices.charge_model in ('percentage', 'matrix', 'blocks')
                then 'per_unit'
            else prices.charge_model
        end as charge_model,
        coalesce(prices.unit_amount_minor, 100) as unit_amount,
        prices.package_size,
        prices.partial_package,
        prices.included_quantity,
        usage_to_date.quantity_to_date as quantity,
        1 as quantity_denominator,
        prices.conversion_operation as operation,
        prices.conversion_factor as factor,
        1 as factor_denominator,
        prices.conversion_rounding_mode as rounding_mode,
        prices.conversion_precision as precision_digits
    from usage_to_date
    inner join prices on usage_to_date.price_code = prices.price_code
),

converted as (
    {{ convert_units('measured') }}
),

lines as {{ once() }} (
    select
        invoice_line_id,
        month_on,
        net_minor,
        price_code,
        charge_model,
        unit_amount,
        {{ times('package_size', 'converted_denominator') }} as package_size,
        0 as free_quantity,
        partial_package,
        {{ units_over_allowance(
            'converted_numerator', times('included_quantity', 'converted_denominator')
        ) }} as quantity,
        0 as billed,
        converted_denominator as quantity_denominator,
        converted_denominator as amount_denominator
    from converted
),

line_tiers as (
    select
        lines.invoice_line_id,
        lines.month_on,
        lines.charge_model,
        lines.quantity,
        lines.billed,
        lines.quantity_denominator,
        cast(null as {{ exact_number() }}) as selector_quantity,
        'exact' as tier_select,
        'none' as zero_usage,
        {{ times('tiers.lower_bound', 'lines.quantity_denominator') }} as lower_bound,
        {{ times('tiers.upper_bound', 'lines.quantity_denominator') }} as upper_bound,
        tiers.unit_amount_minor as unit_amount,
        {{ times('tiers.flat_amount_minor', 'lines.quantity_denominator') }} as flat_amount,
        {{ times('tiers.cap_amount_minor', 'lines.quantity_denominator') }} as cap_amount,
        lines.amount_denominator,
        0 as tier_digits,
        cast(null as {{ text_type() }}) as tier_mode
    from lines
    inner join tiers on lines.price_code = tiers.price_code
    where lines.charge_model in ('graduated', 'graduated_percentage', 'volume')
),

splits as (
    {{ tier_splits('line_tiers') }}
),

tier_totals as (
    select
        invoice_line_id,
        month_on,
        sum(amount_numerator) as amount_numerator
    from splits
    group by invoice_line_id, month_on
),

amounts as (
    {{ amounts_of_lines('lines', 'tier_totals', keys) }}
),

final as (
    select
        invoice_line_id,
        month_on,
        net_minor,
        {{ round_ratio('amount_numerator', 'amount_denominator') }} as value_to_date_minor
    from amounts
)

select * from final
