with

lines as (
    select * from {{ ref('stg_stripe__invoice_line_items') }}
    where not is_deleted
),

invoices as (
    select * from {{ ref('int_billing__stripe_invoices') }}
),

prices as (
    select * from {{ ref('int_catalog__stripe_prices') }}
),

subscriptions as (
    select * from {{ ref('int_billing__stripe_subscriptions') }}
),

final as (
    select
        'stripe' as billing_system,
        lines.invoice_line_id,
        lines.invoice_id,
        invoices.account_id,
        coalesce(lines.subscription_id, invoices.subscription_id) as subscription_id,
        lines.subscription_item_id,
        prices.price_code,
        case
            when lines.is_proration and lines.amount_minor < 0 then 'proration_credit'
            when lines.is_proration then 'proration_charge'
            when lines.subscription_item_id is null then 'manual'
            when prices.kind = 'usage' then 'usage'
            when lines.period_end_at <= subscriptions.trial_end_at then 'trial'
            else 'recurring'
        end as line_kind,
        lines.period_start_at as period_start,
        lines.period_end_at as period_end,
        lines.quantity,
        lines.unit_amount_minor,
        coalesce(lines.amount_minor, 0) as gross_minor,
        coalesce(lines.discount_minor, 0) as discount_minor,
        coalesce(lines.amount_minor, 0) - coalesce(lines.discount_minor, 0) as net_minor,
        coalesce(lines.tax_minor, 0) as tax_minor,
        lines.currency,
        invoices.status as invoice_status,
        invoices.is_billed,
        invoices.invoice_on,
        lines.load_id,
        lines.line_no
    from lines
    inner join invoices on lines.invoice_id = invoices.invoice_id
    left join prices on lines.price_id = prices.stripe_price_id
    left join subscriptions on coalesce(lines.subscription_id, invoices.subscription_id) = subscriptions.subscription_id
)

select * from final
