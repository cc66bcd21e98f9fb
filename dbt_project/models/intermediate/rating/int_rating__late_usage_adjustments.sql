with

rated_lines as (
    select * from {{ ref('int_rating__rated_lines') }}
    where line_kind = 'usage'
),

late_charges as (
    select charge_id from rated_lines
    where basis = 'as_now_known'
),

snapshots as (
    select
        rated_lines.*,
        case rated_lines.basis when 'as_invoiced' then 1 else 2 end as snapshot_no,
        rated_lines.gross_minor as cumulative_amount
    from rated_lines
    inner join late_charges on rated_lines.charge_id = late_charges.charge_id
),

deltas as (
    {{ rating_deltas('snapshots', 'charge_id') }}
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
        as_now_known.delta_amount as adjustment_minor
    from deltas as as_now_known
    inner join deltas as as_invoiced
        on
            as_now_known.charge_id = as_invoiced.charge_id
            and as_invoiced.snapshot_no = 1
    where as_now_known.snapshot_no = 2
)

select * from final
