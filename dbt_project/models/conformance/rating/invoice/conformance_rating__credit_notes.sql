with

cases as (
    select
        case_id as document_id,
        inputs,
        coalesce({{ numerator_of(json_text('inputs', 'invoice', 'tax_rate_pct')) }}, 0) as rate_numerator,
        {{ denominator_of(json_text('inputs', 'invoice', 'tax_rate_pct')) }} * 100 as rate_scale,
        coalesce(
            {{ json_text('inputs', 'invoice', 'coupon', 'value') }}, {{ json_text('inputs', 'invoice', 'coupon') }}
        ) as coupon,
        coalesce({{ json_text('inputs', 'invoice', 'coupon', 'type') }}, 'fixed') as kind,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as digits,
        {{ json_text('inputs', 'round', 'mode') }} as mode
    from {{ conformance_cases() }} as cases
),

given_amounts as (
    select
        cases.document_id,
        'line' as kind,
        given.position,
        {{ numerator_of(json_scalar_text('given.element')) }} as numerator,
        {{ denominator_of(json_scalar_text('given.element')) }} as denominator
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'invoice', 'lines'), 'given') }}
    union all
    select
        cases.document_id,
        'note' as kind,
        given.position,
        {{ numerator_of(json_scalar_text('given.element')) }} as numerator,
        {{ denominator_of(json_scalar_text('given.element')) }} as denominator
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'notes'), 'given') }}
),

scales as (
    {{ common_denominators('given_amounts', 'document_id', 'denominator') }}
),

amounts as (
    select
        given_amounts.document_id,
        given_amounts.kind,
        given_amounts.position,
        scales.common_denominator as scale,
        given_amounts.numerator * {{ whole_quotient('scales.common_denominator', 'given_amounts.denominator') }}
            as amount
    from given_amounts
    inner join scales on given_amounts.document_id = scales.document_id
),

subtotals as (
    select
        document_id,
        sum(amount) as amount,
        max(scale) as scale
    from amounts
    where kind = 'line'
    group by document_id
),

couponed as (
    select
        cases.*,
        coalesce(subtotals.amount, 0) as lines_amount,
        coalesce(subtotals.scale, 1) as line_scale,
        {{ coupon_multiple('cases.kind', denominator_of('cases.coupon'), 'cases.mode') }} as multiple,
        coalesce({{ coupon_numerator(
            'cases.kind', numerator_of('cases.coupon'), denominator_of('cases.coupon'), 'subtotals.amount',
            'subtotals.scale', 'cases.digits', 'cases.mode'
        ) }}, 0) as coupon_numerator
    from cases
    left join subtotals on cases.document_id = subtotals.document_id
),

invoices as (
    select
        document_id,
        lines_amount * multiple as lines_numerator,
        case when coupon is null then 0 else coupon_numerator end as coupon_numerator,
        line_scale * multiple as scale,
        rate_numerator,
        rate_scale,
        digits,
        mode
    from couponed
),

notes as (
    select
        amounts.document_id,
        amounts.position as note_no,
        amounts.amount * couponed.multiple as note_numerator
    from amounts
    inner join couponed on amounts.document_id = couponed.document_id
    where amounts.kind = 'note'
),

credited as (
    {{ credit_notes('invoices', 'notes') }}
),

final as (
    select
        document_id as case_id,
        {{ json_object() }}(
            'invoice_tax', {{ ratio_text('max(invoice_tax)', 'max(tax_scale)') }},
            'invoice_total', {{ ratio_text('max(invoice_total)', 'max(total_scale)') }},
            'left', {{ ratio_text(
                'max(invoice_total) - coalesce(sum(total_numerator), 0)', 'max(total_scale)'
            ) }},
            'notes', {{ json_list(
                json_object() ~ '('
                ~ "'coupon_adjustment', " ~ ratio_text('adjustment_numerator', 'adjustment_scale')
                ~ ", 'subtotal', " ~ ratio_text('subtotal_numerator', 'subtotal_scale')
                ~ ", 'tax', " ~ ratio_text('tax_numerator', 'tax_scale')
                ~ ", 'total', " ~ ratio_text('total_numerator', 'total_scale')
                ~ ')',
                'note_no', 'note_no is not null'
            ) }}
        ) as outputs
    from credited
    group by document_id
)

select * from final
