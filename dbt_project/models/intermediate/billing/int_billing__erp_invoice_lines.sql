with

lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where not is_main_line and not is_tax_line and not is_deleted
),

invoices as (
    select * from {{ ref('int_billing__erp_invoices') }}
),

taxes as (
    select * from {{ ref('int_billing__erp_line_taxes') }}
),

order_items as (
    select * from {{ ref('int_billing__assisted_items') }}
),

periods as (
    select * from {{ ref('int_billing__billing_periods') }}
    where billing_system = 'erp'
),

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        'erp' as billing_system,
        lines.transaction_line_key as invoice_line_id,
        lines.transaction_id as invoice_id,
        invoices.account_id,
        order_items.subscription_id,
        lines.order_item_id as subscription_item_id,
        order_items.price_code,
        case
            when lines.order_item_id is null then 'manual'
            when order_items.kind = 'usage' then 'usage'
            when periods.period_end = {{ start_of_utc_day('lines.service_end_on') }} then 'recurring'
            when lines.quantity < 0 then 'proration_credit'
            else 'proration_charge'
        end as line_kind,
        {{ start_of_utc_day('lines.service_start_on') }} as period_start,
        {{ start_of_utc_day('lines.service_end_on') }} as period_end,
        lines.quantity,
        {{ minor_units_exact('lines.rate', 'currencies.exponent') }} as unit_amount_minor,
        lines.amount_minor as gross_minor,
        cast(0 as bigint) as discount_minor,
        lines.amount_minor as net_minor,
        coalesce(taxes.tax_minor, 0) as tax_minor,
        lines.currency,
        invoices.status as invoice_status,
        invoices.is_billed,
        invoices.invoice_on,
        lines.load_id,
        lines.line_no
    from lines
    inner join invoices on lines.transaction_id = invoices.invoice_id
    inner join currencies on lines.currency = currencies.currency
    left join taxes
        on lines.transaction_id = taxes.transaction_id and lines.transaction_line_id = taxes.tax_of_line_id
    left join order_items on lines.order_item_id = order_items.subscription_item_id
    left join periods
        on
            order_items.subscription_id = periods.subscription_id
            and order_items.billing_interval = periods.billing_interval
            and order_items.interval_count = periods.interval_count
            and {{ start_of_utc_day('lines.service_start_on') }} = periods.whole_start
)

select * from final
