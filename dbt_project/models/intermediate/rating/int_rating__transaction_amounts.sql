with

lines as (
    select * from {{ ref('int_rating__rateable_lines') }}
    where charge_model = 'percentage' and line_kind = 'usage'
),

usage_transactions as (
    select * from {{ ref('int_rating__usage_transactions') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

transactions as (
    select
        lines.charge_id,
        lines.basis,
        usage_transactions.transaction_no,
        usage_transactions.occurred_at,
        lines.currency,
        {{ minor_units_exact('usage_transactions.quantity', 'currencies.exponent') }} as transaction_value,
        prices.rate_pct * 0.01 as rate,
        coalesce(prices.fixed_amount_minor, 0) as fixed_amount,
        prices.free_transactions,
        prices.free_amount_minor as free_amount,
        prices.minimum_per_transaction_minor as minimum_per_transaction,
        prices.maximum_per_transaction_minor as maximum_per_transaction
    from lines
    inner join usage_transactions
        on
            lines.basis = usage_transactions.basis
            and lines.subscription_item_id = usage_transactions.subscription_item_id
            and lines.period_start = usage_transactions.period_start
    inner join prices on lines.price_code = prices.price_code
    inner join currencies on lines.currency = currencies.currency
),

charged as (
    {{ percentage_transactions('transactions', 'charge_id, basis') }}
),

final as (
    select
        charge_id,
        basis,
        transaction_no,
        occurred_at,
        currency,
        transaction_value as value_minor,
        is_free,
        free_value as free_value_minor,
        paid_value as paid_value_minor,
        rate,
        fixed_amount as fixed_amount_minor,
        amount as amount_exact
    from charged
)

select * from final
