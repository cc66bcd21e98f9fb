with

day_sums as (
    select * from {{ ref('recon_c5__day_sums') }}
),

summaries as (
    select * from {{ ref('int_cash__balance_summaries') }}
),

-- Before the first summary of any currency nothing was to be proven.
begun as (
    select min(start_on) as start_on
    from summaries
),

final as (
    select
        day_sums.currency,
        day_sums.booked_on,
        cast(sum(day_sums.net_minor) as bigint) as net_minor,
        cast(sum(day_sums.transaction_count) as bigint) as transaction_count
    from day_sums
    inner join begun on day_sums.booked_on >= begun.start_on
    left join summaries
        on
            day_sums.currency = summaries.currency
            and day_sums.booked_on >= summaries.start_on
            and day_sums.booked_on < summaries.end_on
    where summaries.currency is null
    group by day_sums.currency, day_sums.booked_on
)

select * from final
