with

transactions as (
    select * from {{ ref('int_cash__balance_transactions') }}
),

final as (
    select
        currency,
        coalesce({{ utc_date('created_at') }}, available_on) as booked_on,
        coalesce(reporting_category, 'none') as category,
        cast(sum(net_minor) as bigint) as net_minor,
        count(*) as transaction_count
    from transactions
    group by
        currency,
        coalesce({{ utc_date('created_at') }}, available_on),
        coalesce(reporting_category, 'none')
)

select * from final
