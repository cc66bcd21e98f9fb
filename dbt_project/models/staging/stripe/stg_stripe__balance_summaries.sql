with

records as (
    select * from {{ latest_version(source('stripe', 'balance_summaries')) }} as latest
),

currencies as (
    select * from {{ ref('currencies') }}
),

amounts as (
    select
        records.*,
        lower({{ json_text('records.payload', 'currency') }}) as currency,
        {{ minor_units_exact(to_amount(json_text('records.payload', 'net_amount')), 'currencies.exponent') }}
            as exact_minor
    from records
    left join currencies
        on currencies.currency = lower({{ json_text('records.payload', 'currency') }})
),

-- Reports print major units. What is no whole number of minor units is no amount of the currency.
final as (
    select
        record_id as balance_summary_id,
        {{ utc_date(epoch_to_timestamp(json_text('payload', 'interval_start'))) }} as start_on,
        {{ utc_date(epoch_to_timestamp(json_text('payload', 'interval_end'))) }} as end_on,
        currency,
        {{ json_text('payload', 'category') }} as category,
        case when exact_minor = round(exact_minor) then cast(exact_minor as bigint) end as net_minor,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from amounts
)

select * from final
