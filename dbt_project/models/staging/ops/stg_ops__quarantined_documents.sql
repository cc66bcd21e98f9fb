with

records as (
    select
        load_id,
        line_no,
        system,
        object,
        {{ json_or_null('raw') }} as document
    from {{ source('quarantine', 'records') }}
    where system in ('stripe', 'crm', 'erp')
    {{ known_by_as_of('known_at') }}
),

erp_currencies as (
    select * from {{ ref('stg_erp__currencies') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

named as (
    select
        load_id,
        line_no,
        system,
        {{ amount_of_record('document') }} as amount,
        lower(case system
            when 'crm' then coalesce({{ json_text('document', 'CurrencyIsoCode') }}, '{{ var("crm_currency") }}')
            else {{ json_text('document', 'currency') }}
        end) as currency_named
    from records
),

final as (
    select
        named.load_id,
        named.line_no,
        currencies.currency,
        case named.system
            when 'stripe' then {{ stripe_minor('named.amount', 'currencies.currency') }}
            else {{ minor_units(to_amount('named.amount'), 'currencies.exponent') }}
        end as amount_minor
    from named
    left join erp_currencies on named.system = 'erp' and named.currency_named = erp_currencies.currency_id
    inner join currencies on coalesce(erp_currencies.currency, named.currency_named) = currencies.currency
    where named.amount is not null
)

select * from final
