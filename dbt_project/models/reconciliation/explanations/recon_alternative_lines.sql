{%- set settings = {
    'rounding_mode': ['half_up', 'half_even', 'half_down', 'up', 'down', 'ceil', 'floor'],
    'tax_rounding': ['per_line', 'per_rate', 'per_invoice'],
    'discount_order': ['percent_then_fixed', 'as_given'],
    'discount_allocation': ['largest_remainder', 'exact'],
    'percent_rounding': ['per_line', 'per_invoice'],
    'proration_unit': ['second', 'day'],
} -%}
with

documents as (
    select distinct document_id from {{ ref('recon_differing_documents') }}
),

discountable_lines as (
    select discountable_lines.*
    from {{ ref('int_billing__discountable_lines') }} as discountable_lines
    inner join documents on discountable_lines.document_id = documents.document_id
),

rated_lines as (
    select * from {{ ref('int_rating__rated_lines') }}
    where basis = 'as_invoiced'
),

spans as (
    select * from {{ ref('int_rating__rateable_lines') }}
    where basis = 'as_invoiced'
),

line_coupons as (
    select * from {{ ref('int_billing__line_coupons') }}
),

line_tax_rates as (
    select * from {{ ref('int_billing__line_tax_rates') }}
),

-- Lines whose price holds its tax carry none on top, whatever the convention.
included as (
    select charge_id from {{ ref('int_billing__line_taxes') }}
    where included_tax_minor <> 0
),

settings as (
    {%- for name, values in settings.items() %}
    {%- for value in values %}
    select
        '{{ name }}' as convention,
        '{{ value }}' as setting
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Every line of the document once for each setting that is not in force; all else stays as it is.
varied as (
    select
        discountable_lines.charge_id,
        discountable_lines.document_id as of_document_id,
        discountable_lines.document_id || '|' || settings.convention || '|' || settings.setting as document_id,
        discountable_lines.line_no,
        settings.convention,
        settings.setting,
        discountable_lines.gross_minor as stated_gross_minor,
        {% for name in ['tax_rounding', 'discount_order', 'discount_allocation', 'percent_rounding', 'rounding_mode'] %}
        case when settings.convention = '{{ name }}' then settings.setting else discountable_lines.{{ name }} end
            as {{ name }},
        {%- endfor %}
        case when settings.convention = 'proration_unit' then settings.setting else rated_lines.proration_unit end
            as proration_unit,
        rated_lines.direction,
        case
            when
                settings.convention in ('rounding_mode', 'proration_unit')
                and rated_lines.over_maximum_minor = 0
                and rated_lines.to_minimum_minor = 0
                and rated_lines.commitment_used_exact is null
                then rated_lines.whole_amount_exact
        end as whole_amount_exact,
        spans.active_start,
        spans.active_end,
        spans.whole_start,
        spans.whole_end
    from discountable_lines
    cross join settings
    left join rated_lines on discountable_lines.charge_id = rated_lines.charge_id
    left join spans on discountable_lines.charge_id = spans.charge_id
    where
        settings.setting <> case settings.convention
            {%- for name in [
                'tax_rounding', 'discount_order', 'discount_allocation', 'percent_rounding', 'rounding_mode',
            ] %}
            when '{{ name }}' then discountable_lines.{{ name }}
            {%- endfor %}
            when 'proration_unit' then coalesce(rated_lines.proration_unit, settings.setting)
        end
),

shared as (
    select
        varied.*,
        {{ share_units('proration_unit', 'active_start', 'active_end') }} as share_active,
        {{ share_units('proration_unit', 'whole_start', 'whole_end') }} as share_whole
    from varied
),

lines as {{ once() }} (
    select
        shared.*,
        coalesce(
            cast(direction * {{ round_ratio_as(
                'whole_amount_exact * share_active', 'share_whole', '0', 'rounding_mode'
            ) }} as bigint),
            stated_gross_minor
        ) as gross_minor
    from shared
),

amounts as (
    select
        document_id,
        line_no,
        gross_minor as amount_numerator,
        1 as scale
    from lines
),

scopes as {{ once() }} (
    select
        lines.document_id,
        lines.line_no,
        dense_rank() over (
            partition by lines.document_id
            order by {{ coupon_order('lines.discount_order', 'line_coupons.kind') }}, line_coupons.given_no
        ) as coupon_no,
        line_coupons.kind,
        line_coupons.value,
        case
            when line_coupons.kind = 'percent' and lines.percent_rounding = 'per_line' then 'line'
            else lines.discount_allocation
        end as allocation,
        lines.rounding_mode
    from lines
    inner join line_coupons on lines.charge_id = line_coupons.charge_id
),

coupons as (
    select distinct
        document_id,
        coupon_no,
        kind,
        value as value_numerator,
        1 as value_denominator,
        allocation,
        0 as digits,
        rounding_mode as mode
    from scopes
),

walk as {{ once() }} (
    {{ take_coupons('amounts', 'coupons', 'scopes') }}
),

discounted as {{ once() }} (
    {{ discounts_of_lines('lines', 'walk') }}
),

taxable_lines as (
    select
        lines.document_id,
        lines.line_no,
        discounted.taxable_numerator,
        discounted.taxable_scale as scale,
        false as is_inclusive,
        lines.tax_rounding,
        0 as digits,
        lines.rounding_mode as mode
    from lines
    inner join discounted on lines.document_id = discounted.document_id and lines.line_no = discounted.line_no
    left join included on lines.charge_id = included.charge_id
    where included.charge_id is null
),

rates as (
    select
        lines.document_id,
        lines.line_no,
        line_tax_rates.jurisdiction || '|' || line_tax_rates.component || '|' || cast(line_tax_rates.tax_rate as text)
            as rate_key,
        line_tax_rates.tax_rate as rate_numerator,
        1 as rate_scale
    from lines
    inner join line_tax_rates on lines.charge_id = line_tax_rates.charge_id
    where line_tax_rates.tax_rate <> 0
),

taxes as {{ once() }} (
    {{ document_taxes('taxable_lines', 'rates') }}
),

taxes_of_lines as (
    select
        document_id,
        line_no,
        sum(tax) as tax_minor
    from taxes
    group by document_id, line_no
),

final as (
    select
        lines.charge_id,
        lines.convention,
        lines.setting,
        lines.of_document_id as document_id,
        lines.gross_minor,
        discounted.discount_minor,
        lines.gross_minor - discounted.discount_minor as net_minor,
        cast(coalesce(taxes_of_lines.tax_minor, 0) as bigint) as tax_minor
    from lines
    inner join discounted on lines.document_id = discounted.document_id and lines.line_no = discounted.line_no
    left join taxes_of_lines
        on lines.document_id = taxes_of_lines.document_id and lines.line_no = taxes_of_lines.line_no
)

select * from final
