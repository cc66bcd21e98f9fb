with

lines as (
    select * from {{ latest_version(source('stripe', 'invoice_line_items')) }} as latest
),

final as (
    select
        lines.record_id as invoice_line_id,
        taxes.position as tax_no,
        {{ json_reference('lines.payload', 'invoice') }} as invoice_id,
        {{ coalesced([
            json_text('taxes.element', 'tax_rate_details', 'tax_rate'), json_reference('taxes.element', 'tax_rate')
        ]) }} as tax_rate_id,
        coalesce(
            {{ json_text('taxes.element', 'tax_behavior') }} = 'inclusive',
            {{ to_boolean(json_text('taxes.element', 'inclusive')) }},
            false
        ) as is_inclusive,
        lower({{ json_text('lines.payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('taxes.element', 'taxable_amount'), json_text('lines.payload', 'currency')) }}
            as taxable_minor,
        {{ stripe_minor(json_text('taxes.element', 'amount'), json_text('lines.payload', 'currency')) }}
            as amount_minor,
        lines.is_deleted,
        lines.load_id,
        lines.line_no,
        lines.delivered_on
    from lines
    cross join {{ json_array_elements(
        json_first_array(json_node('lines.payload', 'taxes'), json_node('lines.payload', 'tax_amounts')), 'taxes'
    ) }}
)

select * from final
