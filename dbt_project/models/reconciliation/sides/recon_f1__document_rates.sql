{{ config(materialized='view') }}

with

rated as (
    select * from {{ ref('recon_f1__rated_documents') }}
),

rates as (
    select * from {{ ref('recon_f1__earlier_rates') }}
),

-- A rate of the table of an earlier day: it was not refreshed.
earlier as (
    select distinct rated.transaction_id
    from rated
    inner join rates
        on
            rated.currency = rates.from_currency
            and rated.base_currency = rates.to_currency
            and rated.transaction_on > rates.rate_on
            and rates.rate_on >= {{ add_days('rated.transaction_on', -60) }}
    where
        rated.is_other_rate
        and not ({{ is_other_rate('rated.used_rate', 'rates.rate_numerator', 'rates.rate_denominator') }})
),

final as (
    select
        rated.*,
        earlier.transaction_id is not null as is_of_earlier_day
    from rated
    left join earlier on rated.transaction_id = earlier.transaction_id
)

select * from final
