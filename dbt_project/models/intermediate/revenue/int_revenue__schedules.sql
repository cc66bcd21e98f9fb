{{ config(indexes=[{'columns': ['invoice_line_id', 'month_on'], 'unique': true}]) }}

with

lines as (
    select * from {{ ref('int_revenue__recognisable_lines') }}
),

straight_line as (
    select * from {{ ref('int_revenue__straight_line_months') }}
),

usage_based as (
    select * from {{ ref('int_revenue__usage_months') }}
),

at_once as (
    select
        invoice_line_id,
        {{ month_start('invoice_on') }} as month_on,
        invoice_on as earned_from_on,
        {{ add_days('invoice_on', 1) }} as earned_until_on,
        net_minor as amount_minor
    from lines
    where recognition_method = 'at_once'
),

shares as (
    select
        invoice_line_id,
        month_on,
        earned_from_on,
        earned_until_on,
        amount_minor
    from straight_line
    union all
    select
        usage_based.invoice_line_id,
        usage_based.month_on,
        greatest(usage_based.month_on, lines.service_start_on) as earned_from_on,
        least({{ add_months_to_date('usage_based.month_on', 1) }}, lines.service_end_on) as earned_until_on,
        usage_based.amount_minor
    from usage_based
    inner join lines on usage_based.invoice_line_id = lines.invoice_line_id
    union all
    select
        invoice_line_id,
        month_on,
        earned_from_on,
        earned_until_on,
        amount_minor
    from at_once
),

final as (
    select
        shares.invoice_line_id,
        shares.month_on,
        lines.currency,
        shares.amount_minor,
        lines.recognition_method,
        lines.has_service_dates,
        lines.billing_system,
        lines.invoice_id,
        lines.account_id,
        lines.price_code,
        lines.product_code,
        lines.revenue_account,
        lines.meter_code,
        lines.line_kind,
        lines.net_minor as line_net_minor,
        shares.earned_from_on,
        shares.earned_until_on
    from shares
    inner join lines on shares.invoice_line_id = lines.invoice_line_id
)

select * from final
