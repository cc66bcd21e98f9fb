-- Double entry: what an entry debits it credits, in its currency and in that of the books.
select
    entry_key,
    currency,
    sum(amount_minor) as difference_minor,
    sum(functional_minor) as functional_difference_minor
from {{ ref('int_ledger__entries') }}
group by entry_key, currency
having sum(amount_minor) <> 0 or sum(functional_minor) <> 0
