with

records as (
    select * from {{ latest_version(source('erp', 'currency')) }} as latest
),

final as (
    select
        record_id as currency_id,
        lower({{ json_text('payload', 'symbol') }}) as currency,
        {{ json_text('payload', 'name') }} as name,
        {{ to_bigint(json_text('payload', 'currencyprecision')) }} as precision_digits,
        {{ to_boolean(json_text('payload', 'isbasecurrency')) }} as is_base_currency,
        {{ to_numeric(json_text('payload', 'exchangerate')) }} as exchange_rate,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
