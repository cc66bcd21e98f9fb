-- When all is earned or taken back, nothing of an invoice is deferred or waits to be billed.
select
    currency,
    account,
    invoice_id,
    sum(amount_minor) as left_minor
from {{ ref('int_ledger__entries') }}
where account in ('deferred_revenue', 'unbilled_receivable') and invoice_id is not null
group by currency, account, invoice_id
having sum(amount_minor) <> 0
