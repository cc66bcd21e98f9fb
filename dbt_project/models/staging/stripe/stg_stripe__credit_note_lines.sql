with

credit_notes as (
    select * from {{ latest_version(source('stripe', 'credit_notes')) }} as latest
),

final as (
    select
        credit_notes.record_id as credit_note_id,
        lines.position as credit_note_line_no,
        {{ json_text('lines.element', 'id') }} as credit_note_line_id,
        {{ json_reference('lines.element', 'invoice_line_item') }} as invoice_line_id,
        {{ json_text('lines.element', 'type') }} as line_type,
        {{ to_numeric(json_text('lines.element', 'quantity')) }} as quantity,
        lower({{ json_text('credit_notes.payload', 'currency') }}) as currency,
        {{ stripe_minor(json_text('lines.element', 'amount'), json_text('credit_notes.payload', 'currency')) }}
            as amount_minor,
        {{ stripe_minor(json_text('lines.element', 'discount_amount'), json_text('credit_notes.payload', 'currency')) }}
            as discount_minor,
        credit_notes.is_deleted,
        credit_notes.load_id,
        credit_notes.line_no,
        credit_notes.delivered_on
    from credit_notes
    cross join {{ json_array_elements(json_node('credit_notes.payload', 'lines', 'data'), 'lines') }}
)

select * from final
