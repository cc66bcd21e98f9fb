with

records as (
    select * from {{ latest_version(source('bank', 'statements')) }} as latest
),

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        records.record_id as statement_key,
        {{ json_text('records.payload', 'account') }} as bank_account_id,
        {{ json_text('records.payload', 'statement_id') }} as statement_id,
        {{ json_text('records.payload', 'statement_number') }} as statement_number,
        {{ to_bigint(json_text('records.payload', 'sequence_number')) }} as sequence_number,
        {{ to_bigint(json_text('records.payload', 'page')) }} as page_number,
        coalesce({{ to_boolean(json_text('records.payload', 'is_opening_page')) }}, true) as is_opening_page,
        coalesce({{ to_boolean(json_text('records.payload', 'is_closing_page')) }}, true) as is_closing_page,
        currencies.currency,
        {{ to_date(json_text('records.payload', 'from_date')) }} as start_on,
        {{ add_days(to_date(json_text('records.payload', 'to_date')), 1) }} as end_on,
        {{ minor_units(to_amount(json_text('records.payload', 'opening_balance')), 'currencies.exponent') }}
            as opening_balance_minor,
        {{ minor_units(to_amount(json_text('records.payload', 'closing_balance')), 'currencies.exponent') }}
            as closing_balance_minor,
        {{ json_text('records.payload', 'format') }} as statement_format,
        {{ json_text('records.payload', 'file_name') }} as file_name,
        records.is_deleted,
        records.load_id,
        records.line_no,
        records.delivered_on
    from records
    left join currencies
        on currencies.currency = lower({{ json_text('records.payload', 'currency') }})
)

select * from final
