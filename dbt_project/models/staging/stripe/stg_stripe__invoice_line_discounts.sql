with

lines as (
    select * from {{ latest_version(source('stripe', 'invoice_line_items')) }} as latest
),

final as (
    select
        lines.record_id as invoice_line_id,
        discounts.position as discount_no,
        {{ json_reference('discounts.element', 'discount') }} as discount_id,
        {{ json_reference('lines.payload', 'invoice') }} as invoice_id,
        lower({{ json_text('lines.payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('discounts.element', 'amount'), json_text('lines.payload', 'currency')) }}
            as amount_minor,
        lines.is_deleted,
        lines.load_id,
        lines.line_no,
        lines.delivered_on
    from lines
    cross join {{ json_array_elements(json_node('lines.payload', 'discount_amounts'), 'discounts') }}
)

select * from final
