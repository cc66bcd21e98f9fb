with

lines as (
    select * from {{ ref('int_billing__stripe_invoice_lines') }}
    union all
    select * from {{ ref('int_billing__erp_invoice_lines') }}
),

conventions as (
    select * from {{ ref('int_catalog__conventions') }}
    where late_usage_mode = 'next_invoice'
),

placed as (
    select
        lines.*,
        dense_rank() over (
            partition by
                billing_system, subscription_item_id, line_kind, period_start, period_end, is_billed
            order by invoice_on, invoice_id
        ) as invoice_place
    from lines
),

-- Where late usage is billed on the next invoice, a period's usage that returns on a later one is its adjustment.
named as (
    select
        placed.billing_system,
        placed.invoice_line_id,
        placed.invoice_id,
        placed.account_id,
        placed.subscription_id,
        placed.subscription_item_id,
        placed.price_code,
        case
            when
                placed.line_kind = 'usage' and placed.is_billed and placed.invoice_place > 1
                and conventions.billing_system is not null
                then 'late_usage_adjustment'
            else placed.line_kind
        end as line_kind,
        placed.period_start,
        placed.period_end,
        placed.quantity,
        placed.unit_amount_minor,
        placed.gross_minor,
        placed.discount_minor,
        placed.net_minor,
        placed.tax_minor,
        placed.currency,
        placed.invoice_status,
        placed.is_billed,
        placed.invoice_on,
        placed.load_id,
        placed.line_no
    from placed
    left join conventions
        on
            placed.billing_system = conventions.billing_system
            and placed.invoice_on >= conventions.valid_from
            and (placed.invoice_on < conventions.valid_to or conventions.valid_to is null)
),

final as (
    select
        case when named.line_kind <> 'manual' then {{ line_key('named', utc_date_text) }} end as charge_key,
        named.*
    from named
)

select * from final
