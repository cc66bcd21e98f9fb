with

credit_memos as (
    select * from {{ ref('stg_erp__transactions') }}
    where transaction_type = 'CustCred' and not is_deleted and status is distinct from 'V'
),

lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where applied_to_transaction_id is not null and not is_deleted
),

final as (
    select
        lines.applied_to_transaction_id as invoice_id,
        lines.currency,
        cast(sum(lines.applied_minor) as bigint) as applied_minor,
        count(*) as credit_count
    from lines
    inner join credit_memos on lines.transaction_id = credit_memos.transaction_id
    group by lines.applied_to_transaction_id, lines.currency
)

select * from final
