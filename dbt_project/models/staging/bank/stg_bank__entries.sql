with

records as (
    select * from {{ latest_version(source('bank', 'statements')) }} as latest
),

currencies as (
    select * from {{ ref('currencies') }}
),

entries as (
    select
        records.*,
        entries.element,
        entries.position
    from records
    cross join {{ json_array_elements(json_node('records.payload', 'entries'), 'entries') }}
),

final as (
    select
        entries.record_id as statement_key,
        coalesce({{ to_bigint(json_text('entries.element', 'entry_no')) }}, entries.position) as entry_no,
        {{ json_text('entries.payload', 'account') }} as bank_account_id,
        {{ json_text('entries.payload', 'statement_id') }} as statement_id,
        {{ json_text('entries.element', 'entry_ref') }} as entry_ref,
        {{ to_date(json_text('entries.element', 'booking_date')) }} as booking_on,
        {{ to_date(json_text('entries.element', 'value_date')) }} as value_on,
        currencies.currency,
        {{ minor_units(to_amount(json_text('entries.element', 'amount')), 'currencies.exponent') }} as amount_minor,
        {{ json_text('entries.element', 'bank_reference') }} as bank_reference,
        {{ json_text('entries.element', 'end_to_end_id') }} as end_to_end_id,
        {{ json_text('entries.element', 'creditor_reference') }} as creditor_reference,
        {{ json_text('entries.element', 'counterparty') }} as counterparty,
        coalesce({{ to_boolean(json_text('entries.element', 'is_reversal')) }}, false) as is_reversal,
        {{ json_text('entries.element', 'description') }} as description,
        {{ json_text('entries.element', 'type_code') }} as type_code,
        entries.is_deleted,
        entries.load_id,
        entries.line_no,
        entries.delivered_on
    from entries
    left join currencies
        on
            currencies.currency
            = lower({{ coalesced([
                json_text('entries.element', 'currency'),
                json_text('entries.payload', 'currency'),
            ]) }})
)

select * from final
