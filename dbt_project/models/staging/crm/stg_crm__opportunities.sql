with

records as (
    select * from {{ latest_version(source('crm', 'opportunity')) }} as latest
),

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        record_id as opportunity_id,
        {{ crm_id_18(json_text('payload', 'AccountId')) }} as crm_account_id,
        {{ json_text('payload', 'StageName') }} as stage_name,
        {{ to_numeric(json_text('payload', 'Amount')) }} as amount,
        {{ minor_units(to_amount(json_text('payload', 'Amount')), 'currencies.exponent') }} as amount_minor,
        currencies.currency,
        {{ to_date(json_text('payload', 'CloseDate')) }} as close_on,
        {{ to_boolean(json_text('payload', 'IsWon')) }} as is_won,
        {{ to_boolean(json_text('payload', 'IsClosed')) }} as is_closed,
        {{ crm_id_18(json_text('payload', 'Pricebook2Id')) }} as pricebook_id,
        {{ to_timestamp_utc(json_text('payload', 'SystemModstamp')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
    left join currencies
        on
            currencies.currency
            = coalesce(lower({{ json_text('records.payload', 'CurrencyIsoCode') }}), '{{ var("crm_currency") }}')
)

select * from final
