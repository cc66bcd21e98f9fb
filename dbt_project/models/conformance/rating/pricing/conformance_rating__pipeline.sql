with

cases as (
    select
        case_id,
        inputs,
        {{ json_node('inputs', 'price') }} as price,
        {{ json_text('inputs', 'quantity') }} as quantity,
        coalesce({{ json_text('inputs', 'pre_quantity') }}, '0') as pre_quantity,
        {{ json_text('inputs', 'conversion', 'operation') }} as operation,
        coalesce({{ json_text('inputs', 'conversion', 'factor') }}, '1') as factor,
        nullif({{ json_text('inputs', 'conversion', 'rounding') }}, 'none') as rounding_mode,
        cast(coalesce({{ json_text('inputs', 'conversion', 'precision') }}, '0') as integer) as precision_digits,
        coalesce({{ json_text('inputs', 'usage_discount') }}, '0') as usage_discount,
        coalesce({{ json_text('inputs', 'percent_discount') }}, '0') as percent_discount,
        {{ json_text('inputs', 'min') }} as minimum_amount,
        {{ json_text('inputs', 'max') }} as maximum_amount,
        coalesce({{ json_text('inputs', 'previously_billed') }}, '0') as previously_billed,
        coalesce({{ json_text('inputs', 'last_line') }}, 'true') = 'true' as is_last_line,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as round_digits,
        {{ json_text('inputs', 'round', 'mode') }} as round_mode
    from {{ conformance_cases() }} as cases
),

quantities as (
    select
        case_id,
        'line' as part,
        {{ numerator_of('quantity') }} as quantity,
        {{ denominator_of('quantity') }} as quantity_denominator,
        operation,
        {{ numerator_of('factor') }} as factor,
        {{ denominator_of('factor') }} as factor_denominator,
        rounding_mode,
        precision_digits
    from cases
    union all
    select
        case_id,
        'billed' as part,
        {{ numerator_of('pre_quantity') }} as quantity,
        {{ denominator_of('pre_quantity') }} as quantity_denominator,
        operation,
        {{ numerator_of('factor') }} as factor,
        {{ denominator_of('factor') }} as factor_denominator,
        rounding_mode,
        precision_digits
    from cases
),

converted as (
    {{ convert_units('quantities') }}
),

counted as (
    select
        cases.*,
        {{ times(
            'lines.converted_numerator', 'billed.converted_denominator * ' ~ denominator_of('cases.usage_discount')
        ) }} as line_units,
        {{ times(
            'billed.converted_numerator', 'lines.converted_denominator * ' ~ denominator_of('cases.usage_discount')
        ) }} as billed_units,
        {{ times(
            numerator_of('cases.usage_discount') ~ ' * lines.converted_denominator', 'billed.converted_denominator'
        ) }} as allowance_units,
        {{ times(
            'lines.converted_denominator', 'billed.converted_denominator * ' ~ denominator_of('cases.usage_discount')
        ) }} as units_denominator
    from cases
    inner join converted as lines on cases.case_id = lines.case_id and lines.part = 'line'
    inner join converted as billed on cases.case_id = billed.case_id and billed.part = 'billed'
),

billable as (
    select
        counted.*,
        {{ units_over_allowance('line_units', 'allowance_units', 'billed_units') }} as billable_units,
        {{ units_over_allowance('billed_units', 'allowance_units') }} as billed_over_allowance
    from counted
),

lines as (
    select
        case_id,
        1 as line_no,
        price,
        billable_units as quantity,
        billed_over_allowance as billed,
        units_denominator as quantity_denominator,
        cast({{ json_text('price', 'round', 'digits') }} as integer) as round_digits,
        {{ json_text('price', 'round', 'mode') }} as round_mode
    from billable
),

rated as (
    {{ rated_case_lines('lines') }}
),

priced as (
    select
        cases.case_id,
        {{ numerator_of('rated.amount') }} as amount_numerator,
        {{ denominator_of('rated.amount') }} as amount_denominator,
        {{ numerator_of('cases.percent_discount') }} as percent_numerator,
        {{ denominator_of('cases.percent_discount') }} as percent_denominator,
        cases.round_digits,
        cases.round_mode
    from cases
    inner join rated on cases.case_id = rated.case_id
),

discounted as (
    {{ percent_discounted_amounts('priced') }}
),

scales as (
    select
        cases.case_id,
        discounted.net_denominator
        * {{ denominator_of('cases.previously_billed') }}
        * {{ denominator_of('cases.minimum_amount') }}
        * {{ denominator_of('cases.maximum_amount') }} as scale
    from cases
    inner join discounted on cases.case_id = discounted.case_id
),

amounts as (
    select
        cases.case_id,
        scales.scale,
        discounted.percent_discount_numerator,
        discounted.net_denominator,
        {{ times('discounted.net_numerator', whole_quotient('scales.scale', 'discounted.net_denominator')) }}
            as amount,
        {{ in_scale('cases.previously_billed', 'scales.scale') }} as previously_billed,
        {{ in_scale('cases.minimum_amount', 'scales.scale') }} as minimum_amount,
        {{ in_scale('cases.maximum_amount', 'scales.scale') }} as maximum_amount,
        cases.is_last_line
    from cases
    inner join discounted on cases.case_id = discounted.case_id
    inner join scales on cases.case_id = scales.case_id
),

bounded as (
    {{ bounded_amounts('amounts') }}
),

final as (
    select
        bounded.case_id,
        {{ json_object() }}(
            'converted_quantity', {{ ratio_text('billable.line_units', 'billable.units_denominator') }},
            'billable_quantity', {{ ratio_text('billable.billable_units', 'billable.units_denominator') }},
            'percent_discount_amount', {{ ratio_text(
                'bounded.percent_discount_numerator', 'bounded.net_denominator'
            ) }},
            'amount', {{ ratio_text('bounded.bounded_amount', 'bounded.scale') }},
            'max_discount', {{ ratio_text('bounded.max_discount', 'bounded.scale') }},
            'min_top_up', {{ ratio_text('bounded.min_top_up', 'bounded.scale') }}
        ) as outputs
    from bounded
    inner join billable on bounded.case_id = billable.case_id
)

select * from final
