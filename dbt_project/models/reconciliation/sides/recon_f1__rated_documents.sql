{{ config(indexes=[{'columns': ['transaction_id'], 'unique': true}]) }}

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

final as (
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
        -- Null without a rate in the table.
        {{ is_other_rate('transactions.exchange_rate', 'rates.rate_numerator', 'rates.rate_denominator') }}
            as is_other_rate,
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
)

select * from final
