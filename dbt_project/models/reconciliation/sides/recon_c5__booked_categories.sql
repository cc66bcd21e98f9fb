{{ config(materialized='view') }}

with

-- The balance first: of a summary that does not roll, the break of its balance says by how much.
rolled as (
    select * from {{ ref('recon_c5__rolled') }}
    where is_rolled and category_count > 0
),

day_sums as (
    select * from {{ ref('recon_c5__day_sums') }}
),

sums as (
    select
        rolled.summary_key,
        rolled.currency,
        rolled.end_on,
        day_sums.category,
        cast(sum(day_sums.net_minor) as bigint) as net_minor,
        cast(sum(day_sums.transaction_count) as bigint) as transaction_count
    from rolled
    inner join day_sums
        on
            rolled.currency = day_sums.currency
            and rolled.start_on <= day_sums.booked_on
            and rolled.end_on > day_sums.booked_on
    group by rolled.summary_key, rolled.currency, rolled.end_on, day_sums.category
),

final as (
    select
        summary_key || '|' || category as tracking_key,
        summary_key || '|' || category as row_id,
        cast(null as text) as account_id,
        currency,
        net_minor as amount_minor,
        cast(null as numeric) as quantity,
        {{ add_days('end_on', -1) }} as business_on,
        {{ add_days('end_on', -1) }} as due_on,
        cast(transaction_count as text) || ' balance transactions of the category ' || category as evidence
    from sums
    where net_minor <> 0
)

select * from final
