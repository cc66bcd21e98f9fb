with

rated_lines as (
    select * from {{ ref('int_rating__rated_lines') }}
    where line_kind = 'usage'
),

as_invoiced as (
    select * from rated_lines
    where basis = 'as_invoiced'
),

as_now_known as (
    select * from rated_lines
    where basis = 'as_now_known'
),

final as (
    select
        as_now_known.charge_id,
        as_now_known.charge_key,
        as_now_known.billing_system,
        as_now_known.account_id,
        as_now_known.subscription_item_id,
        as_now_known.price_code,
        as_now_known.meter_code,
        as_now_known.period_start,
        as_now_known.period_end,
        as_now_known.currency,
        as_invoiced.quantity as quantity_as_invoiced,
        as_now_known.quantity as quantity_as_now_known,
        as_invoiced.gross_minor as gross_as_invoiced_minor,
        as_now_known.gross_minor as gross_as_now_known_minor,
        as_now_known.gross_minor - as_invoiced.gross_minor as adjustment_minor
    from as_now_known
    inner join as_invoiced on as_now_known.charge_id = as_invoiced.charge_id
)

select * from final
