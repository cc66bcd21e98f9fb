{{ config(materialized='view') }}

with

transactions as (
    select * from {{ ref('stg_erp__transactions') }}
    where not is_deleted and exchange_rate is not null and coalesce(is_posting, true)
),

base_currency as (
    select min(currency) as currency
    from {{ ref('stg_erp__currencies') }}
    where is_base_currency and not is_deleted
),

rates as (
    select * from {{ ref('int_fx__daily_rates') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

watermarks as (
    select * from {{ ref('recon_watermarks') }}
    where control_id = 'F1'
),

rated as (
    select
        transactions.transaction_id,
        transactions.currency,
        base_currency.currency as base_currency,
        transactions.transaction_on,
        transactions.exchange_rate as used_rate,
        rates.rate_numerator,
        rates.rate_denominator,
        rates.quoted_on,
        rates.file_line as rate_file_line,
        {{ file_line('loads', 'transactions.line_no') }} as file_line
    from transactions
    cross join base_currency
    -- The rate of a day comes with the delivery of the day after: until then nobody can say which it is.
    inner join watermarks on transactions.transaction_on < watermarks.watermark_on
    -- Where the ERP's base currency is the one that the warehouse reports in, every day of a document has its row.
    inner join rates
        on
            transactions.transaction_on = rates.rate_on
            and transactions.currency = rates.from_currency
            and base_currency.currency = rates.to_currency
    left join loads on transactions.load_id = loads.load_id
),

differing as (
    select * from rated
    where abs(used_rate * rate_denominator - rate_numerator) * 10000 > rate_numerator
),

-- A rate of the table of an earlier day: it was not refreshed.
earlier as (
    select distinct differing.transaction_id
    from differing
    inner join rates
        on
            differing.currency = rates.from_currency
            and differing.base_currency = rates.to_currency
            and differing.transaction_on > rates.rate_on
            and rates.rate_on >= {{ add_days('differing.transaction_on', -60) }}
    where abs(differing.used_rate * rates.rate_denominator - rates.rate_numerator) * 10000 <= rates.rate_numerator
),

final as (
    select
        rated.*,
        earlier.transaction_id is not null as is_of_earlier_day
    from rated
    left join earlier on rated.transaction_id = earlier.transaction_id
)

select * from final
