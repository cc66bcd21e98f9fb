-- Queries to begin with. Each stands alone, names its grain, and is run by the tests as the role `analyst`.
-- Amounts are whole minor units of the currency beside them: never sum across currencies; divide by
-- 10 ^ dim_currencies.exponent for the amount as it is written. A month is its first day.

-- name: How much of each month's billing ties out?
-- One row a month and currency.
select
    t.period_month,
    t.currency,
    t.billed_minor / power(cast(10 as numeric), c.exponent) as billed,
    t.tied_minor / power(cast(10 as numeric), c.exponent) as tied_out,
    round(t.tied_share * 100, 2) as tied_percent
from reconciliation.recon_tie_out as t
inner join marts.dim_currencies as c on c.currency = t.currency
order by t.period_month, t.currency;

-- name: Which controls have open breaks, and how much money stands in them?
-- One row a control, class and currency. Net is left less right; gross adds both directions.
select
    b.control_id,
    b.break_class,
    b.currency,
    count(*) as breaks,
    sum(b.amount_minor) as net_minor,
    sum(abs(b.amount_minor)) as gross_minor
from reconciliation.recon_breaks as b
where b.status = 'open'
group by b.control_id, b.break_class, b.currency
order by b.control_id, b.break_class, b.currency;

-- name: Where is the evidence of the ten largest breaks?
-- One row a break, the largest of each currency first.
select
    b.currency,
    b.amount_minor,
    b.control_id,
    b.break_class,
    b.tracking_key,
    b.left_ids,
    b.right_ids
from reconciliation.recon_breaks as b
where b.status = 'open' and b.amount_minor is not null
order by row_number() over (partition by b.currency order by abs(b.amount_minor) desc, b.tracking_key), b.currency
limit 10;

-- name: Why is a month not ready to close?
-- One row a reason.
select
    g.period_month,
    g.gate,
    g.control_id,
    g.currency,
    g.reason,
    g.break_count,
    g.amount_minor
from reconciliation.recon_close_gate as g
order by g.period_month, g.gate, g.control_id, g.currency;

-- name: What revenue did each product earn in each month?
-- One row a month, product and currency.
select
    r.month_on,
    r.product_code,
    r.currency,
    sum(r.amount_minor) as revenue_minor
from marts.fct_monthly_revenue as r
group by r.month_on, r.product_code, r.currency
order by r.month_on, r.product_code, r.currency;

-- name: How much of what the same accounts paid last month do they pay this month (net revenue retention)?
-- One row a month and currency; accounts that were not there the month before do not count.
with

account_months as (
    select
        r.account_id,
        r.currency,
        r.month_on,
        sum(r.amount_minor) as revenue_minor
    from marts.fct_monthly_revenue as r
    where r.account_id is not null
    group by r.account_id, r.currency, r.month_on
)

select
    before.month_on + interval '1 month' as month_on,
    before.currency,
    count(*) as accounts,
    round(100 * sum(coalesce(now.revenue_minor, 0)) / nullif(sum(before.revenue_minor), 0), 2) as retained_percent
from account_months as before
left join account_months as now
    on
        now.account_id = before.account_id
        and now.currency = before.currency
        and now.month_on = before.month_on + interval '1 month'
group by before.month_on, before.currency
order by before.month_on, before.currency;

-- name: What is billed but not yet earned at the end of each month (deferred revenue)?
-- One row a month end and currency: the part of invoiced lines that later months earn.
with

months as (
    select distinct i.month_on
    from marts.fct_revenue_schedules as i
),

lines as (
    select
        s.invoice_line_id,
        s.currency,
        s.month_on,
        s.amount_minor,
        min(s.month_on) over (partition by s.invoice_line_id) as first_month_on
    from marts.fct_revenue_schedules as s
)

select
    m.month_on,
    l.currency,
    sum(l.amount_minor) as deferred_minor
from months as m
inner join lines as l on l.first_month_on <= m.month_on and l.month_on > m.month_on
group by m.month_on, l.currency
order by m.month_on, l.currency;

-- name: What does the payment processor keep of what is paid?
-- One row a month and currency.
select
    date_trunc('month', b.created_at at time zone 'UTC') as month_on,
    b.currency,
    sum(b.amount_minor) as paid_minor,
    sum(b.fee_minor) as fees_minor,
    round(100 * sum(b.fee_minor) / nullif(sum(b.amount_minor), 0), 2) as fee_percent
from marts.fct_balance_transactions as b
where b.transaction_type in ('charge', 'payment')
group by 1, 2
order by 1, 2;

-- name: How long does a payout take to reach the bank, and did all of it arrive?
-- One row a payout, the ones that differ first.
select
    p.payout_id,
    p.currency,
    p.amount_minor,
    p.received_minor,
    p.amount_minor - p.received_minor as missing_minor,
    min(l.booking_on) - cast(p.created_at at time zone 'UTC' as date) as days_to_bank
from marts.fct_payouts as p
left join marts.fct_bank_lines as l on l.payout_id = p.payout_id
group by p.payout_id, p.currency, p.amount_minor, p.received_minor, p.created_at
order by p.amount_minor = p.received_minor, p.payout_id;

-- name: Which charge, price and quantity stand behind each line of the largest usage invoice?
-- One row an invoice line and charge. Without a charge the line was entered by hand, or nothing was rated for it.
with

largest as (
    select
        l.billing_system,
        l.invoice_id
    from marts.fct_invoice_lines as l
    where l.is_billed and l.line_kind = 'usage'
    group by l.billing_system, l.invoice_id
    order by count(*) desc, l.invoice_id
    limit 1
)

select
    l.invoice_line_id,
    l.currency,
    l.net_minor,
    c.charge_id,
    r.price_code,
    r.charge_model,
    r.quantity,
    r.rated_quantity,
    r.gross_exact,
    r.rounding_mode,
    l.file_line
from largest as i
inner join marts.fct_invoice_lines as l on l.billing_system = i.billing_system and l.invoice_id = i.invoice_id
left join marts.fct_charge_invoice_lines as c
    on c.billing_system = l.billing_system and c.invoice_line_id = l.invoice_line_id
left join marts.fct_rated_charges as r on r.charge_id = c.rated_charge_id
order by l.invoice_line_id, c.charge_id;

-- name: On which days was the usage of a charge, and how many events came late?
-- One row a local day of the charge with the most late usage.
with

charge as (
    select
        r.charge_id,
        r.account_id,
        cast(r.period_start at time zone 'UTC' as date) - 1 as from_on,
        cast(r.period_end at time zone 'UTC' as date) + 1 as until_on
    from marts.fct_rated_charges as r
    where r.line_kind = 'usage'
    order by abs(r.late_quantity) desc, r.charge_id
    limit 1
),

late as (
    select
        e.usage_on,
        count(*) as late_events,
        sum(e.quantity) as late_quantity
    from marts.fct_charge_events as e
    where
        e.charge_id = (select c.charge_id from charge as c)
        and e.account_id = (select c.account_id from charge as c)
        and e.occurred_on between (select c.from_on from charge as c) and (select c.until_on from charge as c)
        and e.counts_as = 'late'
    group by e.usage_on
)

select
    d.usage_on,
    d.meter_code,
    d.quantity,
    d.event_count,
    d.duplicate_count,
    d.conflict_count,
    coalesce(l.late_events, 0) as late_events,
    coalesce(l.late_quantity, 0) as late_quantity
from charge as c
inner join marts.fct_charge_usage_days as d on d.charge_id = c.charge_id
left join late as l on l.usage_on = d.usage_on
order by d.usage_on;

-- name: In which file and line does each event of a charge stand?
-- One row an event, the first 50 of the charge with the most late usage; with its account and days named, nothing else is read.
with

charge as (
    select
        r.charge_id,
        r.account_id,
        cast(r.period_start at time zone 'UTC' as date) - 1 as from_on,
        cast(r.period_end at time zone 'UTC' as date) + 1 as until_on
    from marts.fct_rated_charges as r
    where r.line_kind = 'usage'
    order by abs(r.late_quantity) desc, r.charge_id
    limit 1
)

select
    e.occurred_at,
    e.source,
    e.event_id,
    e.quantity,
    e.counts_as,
    e.file_line
from marts.fct_charge_events as e
where
    e.charge_id = (select c.charge_id from charge as c)
    and e.account_id = (select c.account_id from charge as c)
    and e.occurred_on between (select c.from_on from charge as c) and (select c.until_on from charge as c)
order by e.counts_as desc, e.occurred_at, e.file_line
limit 50;

-- name: How far has the money of each invoice come: booked, paid out, at the bank?
-- One row a movement of money and bank line of its payout; the fee belongs to the booking, the bank line to the whole payout.
select
    i.invoice_id,
    p.kind,
    p.payment_id,
    p.currency,
    p.amount_minor,
    b.balance_transaction_id,
    b.fee_minor,
    b.payout_id,
    l.bank_line_key,
    l.booking_on,
    l.file_line
from marts.fct_invoices as i
inner join marts.fct_payments as p on p.billing_system = i.billing_system and p.invoice_id = i.invoice_id
left join marts.fct_balance_transactions as b on b.balance_transaction_id = p.balance_transaction_id
left join marts.fct_bank_lines as l on l.payout_id = b.payout_id
where i.is_billed
order by i.invoice_id, p.paid_at, p.payment_id, l.bank_line_key
limit 200;

-- name: What changed monthly recurring revenue, month by month?
-- One row a month and currency; opening + movements = closing.
select
    m.month_on,
    m.currency,
    sum(m.opening_minor) as opening_minor,
    sum(m.new_minor) as new_minor,
    sum(m.expansion_minor) as expansion_minor,
    sum(m.contraction_minor) as contraction_minor,
    sum(m.churn_minor) as churn_minor,
    sum(m.reactivation_minor) as reactivation_minor,
    sum(m.closing_minor) as closing_minor
from marts.fct_mrr_movements as m
group by m.month_on, m.currency
order by m.month_on, m.currency;

-- name: When do the invoices of each month become revenue, and how much of it is posted?
-- One row a month of the invoice, month of revenue and currency; invoice_month_on is null for what is not billed.
select
    w.invoice_month_on,
    w.month_on,
    w.currency,
    sum(case when w.status = 'posted' then w.revenue_minor else 0 end) as posted_minor,
    sum(case when w.status = 'planned' then w.revenue_minor else 0 end) as planned_minor
from marts.fct_revenue_waterfall as w
group by w.invoice_month_on, w.month_on, w.currency
order by w.invoice_month_on, w.month_on, w.currency;
