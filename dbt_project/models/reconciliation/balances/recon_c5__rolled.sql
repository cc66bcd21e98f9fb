with

summaries as (
    select * from {{ ref('int_cash__balance_summaries') }}
),

day_sums as (
    select * from {{ ref('recon_c5__day_sums') }}
),

moved as (
    select
        summaries.currency,
        summaries.start_on,
        summaries.end_on,
        cast(sum(day_sums.net_minor) as bigint) as net_minor,
        cast(sum(day_sums.transaction_count) as bigint) as transaction_count
    from summaries
    inner join day_sums
        on
            summaries.currency = day_sums.currency
            and summaries.start_on <= day_sums.booked_on
            and summaries.end_on > day_sums.booked_on
    group by summaries.currency, summaries.start_on, summaries.end_on
),

joined as (
    select
        summaries.*,
        coalesce(summaries.previous_closing_minor, summaries.opening_minor) + coalesce(moved.net_minor, 0)
            as carried_minor,
        coalesce(moved.transaction_count, 0) as transaction_count
    from summaries
    left join moved
        on
            summaries.currency = moved.currency
            and summaries.start_on = moved.start_on
            and summaries.end_on = moved.end_on
),

final as (
    select
        currency || '|' || {{ date_text('start_on') }} || '|' || {{ date_text('end_on') }} as summary_key,
        currency,
        start_on,
        end_on,
        carried_minor,
        closing_minor,
        transaction_count,
        category_count,
        coalesce(carried_minor = closing_minor, false) as is_rolled,
        file_line,
        previous_file_line
    from joined
)

select * from final
