with

records as (
    select * from {{ latest_version(source('fx', 'rates')) }} as latest
),

final as (
    select
        record_id,
        {{ to_date(json_text('payload', 'date')) }} as rate_on,
        lower({{ json_text('payload', 'from') }}) as from_currency,
        lower({{ json_text('payload', 'to') }}) as to_currency,
        {{ to_numeric(json_text('payload', 'rate')) }} as rate,
        {{ json_text('payload', 'source') }} as source_name,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
