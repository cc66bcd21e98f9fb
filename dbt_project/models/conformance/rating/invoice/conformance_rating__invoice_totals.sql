with

cases as (
    select
        case_id as document_id,
        inputs,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as digits,
        {{ json_text('inputs', 'round', 'mode') }} as mode,
        case
            when {{ json_text('inputs', 'round', 'mode') }} is null then 'exact'
            else coalesce({{ json_text('inputs', 'discount_allocation') }}, 'exact')
        end as allocation,
        coalesce({{ json_text('inputs', 'tax_rounding') }}, 'per_line') as tax_rounding,
        coalesce({{ numerator_of(json_text('inputs', 'pretax_credit')) }}, 0) as credit_numerator,
        {{ denominator_of(json_text('inputs', 'pretax_credit')) }} as credit_denominator,
        coalesce({{ numerator_of(json_text('inputs', 'credit_notes')) }}, 0)
        * {{ denominator_of(json_text('inputs', 'prepaid_credit')) }} as credit_notes,
        coalesce({{ numerator_of(json_text('inputs', 'prepaid_credit')) }}, 0)
        * {{ denominator_of(json_text('inputs', 'credit_notes')) }} as prepaid_credit,
        {{ denominator_of(json_text('inputs', 'credit_notes')) }}
        * {{ denominator_of(json_text('inputs', 'prepaid_credit')) }} as credits_denominator
    from {{ conformance_cases() }} as cases
),

given_lines as (
    select
        cases.document_id,
        given.position - 1 as line_no,
        given.element,
        {{ numerator_of(json_text('given.element', 'amount')) }} as numerator,
        {{ denominator_of(json_text('given.element', 'amount')) }} as denominator
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'lines'), 'given') }}
),

amount_scales as (
    {{ common_denominators('given_lines', 'document_id', 'denominator') }}
),

lines as (
    select
        given_lines.document_id,
        given_lines.line_no,
        given_lines.numerator * {{ whole_quotient('amount_scales.common_denominator', 'given_lines.denominator') }}
            as amount_numerator,
        amount_scales.common_denominator as scale
    from given_lines
    inner join amount_scales on given_lines.document_id = amount_scales.document_id
),

given_rates as (
    select
        given_lines.document_id,
        given_lines.line_no,
        given.position,
        {{ numerator_of(json_scalar_text('given.element')) }} as numerator,
        {{ denominator_of(json_scalar_text('given.element')) }} as denominator
    from given_lines
    cross join {{ json_array_elements(json_node('given_lines.element', 'tax_rates'), 'given') }}
),

rate_scales as (
    {{ common_denominators('given_rates', 'document_id', 'denominator') }}
),

scaled_rates as (
    select
        given_rates.document_id,
        given_rates.line_no,
        given_rates.position,
        given_rates.numerator * {{ whole_quotient('rate_scales.common_denominator', 'given_rates.denominator') }}
            as rate_numerator,
        rate_scales.common_denominator * 100 as rate_scale
    from given_rates
    inner join rate_scales on given_rates.document_id = rate_scales.document_id
),

-- A rate is the same on two lines when it stands at the same place and is as high.
rates as (
    select
        document_id,
        line_no,
        cast(
            dense_rank() over (partition by document_id order by position, rate_numerator) as {{ text_type() }}
        ) as rate_key,
        rate_numerator,
        rate_scale
    from scaled_rates
),

given_coupons as (
    select
        cases.document_id,
        given.position as coupon_no,
        given.element,
        {{ json_text('given.element', 'type') }} as kind,
        {{ coupon_left(
            json_text('given.element', 'type'),
            numerator_of(json_text('given.element', 'value')),
            denominator_of(json_text('given.element', 'value')),
            'coalesce(' ~ numerator_of(json_text('given.element', 'already_used')) ~ ', 0)',
            denominator_of(json_text('given.element', 'already_used'))
        ) }} as value_numerator,
        {{ denominator_of(json_text('given.element', 'value')) }}
        * {{ denominator_of(json_text('given.element', 'already_used')) }} as value_denominator,
        cases.allocation,
        cases.digits,
        cases.mode
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'coupons'), 'given') }}
),

coupons as (
    {{ with_credit_before_tax('given_coupons', 'cases') }}
),

scopes as (
    select
        coupons.document_id,
        coupons.coupon_no,
        lines.line_no
    from coupons
    inner join lines on coupons.document_id = lines.document_id
    left join given_coupons
        on coupons.document_id = given_coupons.document_id and coupons.coupon_no = given_coupons.coupon_no
    where
        coupons.is_credit
        or {{ json_list_admits(json_node('given_coupons.element', 'lines'), 'lines.line_no') }}
),

walk as (
    {{ take_coupons('lines', 'coupons', 'scopes', most_case_coupons(more=1)) }}
),

taxable_lines as (
    select
        walk.document_id,
        walk.line_no,
        walk.held_numerator as taxable_numerator,
        walk.scale,
        false as is_inclusive,
        cases.tax_rounding,
        cases.digits,
        cases.mode
    from walk
    inner join cases on walk.document_id = cases.document_id
    where walk.is_last
),

taxes as (
    {{ document_taxes('taxable_lines', 'rates') }}
),

line_taxes as (
    select
        document_id,
        line_no,
        sum(exact_numerator) as exact_numerator,
        max(exact_denominator) as exact_denominator
    from taxes
    group by document_id, line_no
),

line_texts as (
    select
        lines.document_id,
        {{ json_list(ratio_text(
            times('lines.amount_numerator', 'taxable_lines.scale')
            ~ ' - ' ~ times('taxable_lines.taxable_numerator', 'lines.scale'),
            times('taxable_lines.scale', 'lines.scale')
        ), 'lines.line_no') }} as line_discounts,
        {{ json_list(ratio_text(
            'coalesce(line_taxes.exact_numerator, 0)', 'coalesce(line_taxes.exact_denominator, 1)',
            'taxable_lines.digits', 'taxable_lines.mode'
        ), 'lines.line_no') }} as line_taxes
    from lines
    inner join taxable_lines
        on lines.document_id = taxable_lines.document_id and lines.line_no = taxable_lines.line_no
    left join line_taxes on lines.document_id = line_taxes.document_id and lines.line_no = line_taxes.line_no
    group by lines.document_id
),

subtotals as (
    select
        document_id,
        sum(amount_numerator) as numerator,
        max(scale) as scale
    from lines
    group by document_id
),

nets as (
    select
        document_id,
        sum(taxable_numerator) as numerator,
        max(scale) as scale
    from taxable_lines
    group by document_id
),

tax_totals as (
    select
        document_id,
        case when max(mode) is null then sum(exact_numerator) else sum(tax) end as numerator,
        case when max(mode) is null then max(exact_denominator) else 1 end as denominator
    from taxes
    group by document_id
),

credits as (
    select
        walk.document_id,
        sum(walk.taken_numerator) as numerator,
        max(walk.scale) as scale
    from walk
    inner join coupons on walk.document_id = coupons.document_id and walk.coupon_no = coupons.coupon_no
    where coupons.is_credit
    group by walk.document_id
),

totals as (
    select
        cases.document_id,
        coalesce(subtotals.numerator, 0) as subtotal,
        coalesce(subtotals.scale, 1) as subtotal_scale,
        coalesce(nets.numerator, 0) as net,
        coalesce(nets.scale, 1) as net_scale,
        coalesce(tax_totals.numerator, 0) as tax,
        coalesce(tax_totals.denominator, 1) as tax_scale,
        coalesce(credits.numerator, 0) as credit,
        coalesce(credits.scale, 1) as credit_scale,
        {{ times(
            times('coalesce(nets.numerator, 0)', 'coalesce(tax_totals.denominator, 1)')
            ~ ' + ' ~ times('coalesce(tax_totals.numerator, 0)', 'coalesce(nets.scale, 1)'),
            'cases.credits_denominator'
        ) }} as total,
        {{ times('cases.credit_notes', times('coalesce(nets.scale, 1)', 'coalesce(tax_totals.denominator, 1)')) }}
            as credit_notes,
        {{ times('cases.prepaid_credit', times('coalesce(nets.scale, 1)', 'coalesce(tax_totals.denominator, 1)')) }}
            as prepaid_credit,
        {{ times(
            'cases.credits_denominator', times('coalesce(nets.scale, 1)', 'coalesce(tax_totals.denominator, 1)')
        ) }} as total_scale
    from cases
    left join subtotals on cases.document_id = subtotals.document_id
    left join nets on cases.document_id = nets.document_id
    left join tax_totals on cases.document_id = tax_totals.document_id
    left join credits on cases.document_id = credits.document_id
),

noted as (
    select
        totals.*,
        {{ credit_applied('total', 'credit_notes') }} as credit_notes_applied
    from totals
),

settled as (
    select
        noted.*,
        {{ credit_applied('total - credit_notes_applied', 'prepaid_credit') }} as prepaid_credit_applied
    from noted
),

final as (
    select
        settled.document_id as case_id,
        {{ json_object() }}(
            'subtotal', {{ ratio_text('subtotal', 'subtotal_scale') }},
            'line_discounts', coalesce(line_texts.line_discounts, {{ json_list_of([]) }}),
            'discount', {{ ratio_text(
                times('subtotal', 'net_scale') ~ ' - ' ~ times('net', 'subtotal_scale'), times('subtotal_scale', 'net_scale')
            ) }},
            'net', {{ ratio_text('net', 'net_scale') }},
            'line_taxes', coalesce(line_texts.line_taxes, {{ json_list_of([]) }}),
            'tax', {{ ratio_text('tax', 'tax_scale') }},
            'total', {{ ratio_text('total', 'total_scale') }},
            'pretax_credit_applied', {{ ratio_text('credit', 'credit_scale') }},
            'credit_notes_applied', {{ ratio_text('credit_notes_applied', 'total_scale') }},
            'prepaid_credit_applied', {{ ratio_text('prepaid_credit_applied', 'total_scale') }},
            'due', {{ ratio_text('total - credit_notes_applied - prepaid_credit_applied', 'total_scale') }}
        ) as outputs
    from settled
    left join line_texts on settled.document_id = line_texts.document_id
)

select * from final
