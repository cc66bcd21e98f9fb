with

lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where is_tax_line and not is_deleted
),

final as (
    select
        transaction_id,
        tax_of_line_id,
        currency,
        cast(sum(amount_minor) as bigint) as tax_minor
    from lines
    where tax_of_line_id is not null
    group by transaction_id, tax_of_line_id, currency
)

select * from final
