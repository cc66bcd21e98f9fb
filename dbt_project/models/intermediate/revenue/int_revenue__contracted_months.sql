with

items as (
    select * from {{ ref('int_billing__assisted_item_versions') }}
    where valid_to is not null
),

charges as (
    select * from {{ ref('int_revenue__recurring_charges') }}
    where billing_system = 'erp'
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

-- What the item costs a period, as it was last rated.
rated_items as (
    select
        items.subscription_item_id,
        latest.currency,
        {{ utc_date('items.valid_from') }} as contract_from_on,
        {{ utc_date('items.valid_to') }} as contract_until_on,
        {{ utc_date('items.anchor_at') }} as anchor_on,
        prices.billing_timing,
        latest.months,
        latest.days,
        latest.whole_amount * latest.net_part as net_amount,
        latest.gross_part
    from items
    inner join {{ first_of_each(
        'charges', 'subscription_item_id', ['records.period_start desc', 'records.charge_id']
    ) }} as latest
        on items.subscription_item_id = latest.subscription_item_id
    inner join prices on items.price_code = prices.price_code
),

periods as (
    select
        rated_items.*,
        series.n,
        {{ anchored_date(
            'rated_items.anchor_on', day_of_month('rated_items.anchor_on'), 'months', 'days', 'series.n'
        ) }} as whole_from_on,
        {{ anchored_date(
            'rated_items.anchor_on', day_of_month('rated_items.anchor_on'), 'months', 'days', '(series.n + 1)'
        ) }} as whole_until_on
    from rated_items
    cross join {{ integer_series(
        interval_index(
            'rated_items.anchor_on', day_of_month('rated_items.anchor_on'), 'rated_items.months', 'rated_items.days',
            'rated_items.contract_from_on'
        ),
        interval_index(
            'rated_items.anchor_on', day_of_month('rated_items.anchor_on'), 'rated_items.months', 'rated_items.days',
            add_days('rated_items.contract_until_on', -1)
        ),
        'series'
    ) }}
),

lines as {{ once() }} (
    select
        subscription_item_id || '|' || cast(n as text) as line_id,
        subscription_item_id,
        currency,
        greatest(whole_from_on, contract_from_on) as service_start_on,
        least(whole_until_on, contract_until_on) as service_end_on,
        case
            when billing_timing = 'in_arrears' then least(whole_until_on, contract_until_on)
            else greatest(whole_from_on, contract_from_on)
        end as billed_on,
        {{ round_ratio(
            'net_amount * ' ~ days_between(
                'greatest(whole_from_on, contract_from_on)', 'least(whole_until_on, contract_until_on)'
            ),
            'gross_part * ' ~ days_between('whole_from_on', 'whole_until_on')
        ) }} as amount_minor,
        cast(null as timestamp with time zone) as service_start_at,
        cast(null as timestamp with time zone) as service_end_at,
        cast(null as integer) as term_months,
        'daily' as granularity,
        'largest_remainder' as leftover_units
    from periods
),

months as (
    {{ schedule_months('lines') }}
),

final as (
    select
        months.line_id,
        months.month_on,
        lines.subscription_item_id,
        lines.currency,
        lines.service_start_on,
        lines.billed_on,
        lines.amount_minor as line_minor,
        months.earned_from_on,
        months.earned_until_on,
        cast(months.amount_minor as bigint) as amount_minor
    from months
    inner join lines on months.line_id = lines.line_id
)

select * from final
