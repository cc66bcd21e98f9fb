with

lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where not is_deleted and not is_main_line
),

final as (
    select
        transaction_id,
        currency,
        cast(sum(case when is_tax_line then 0 else amount_minor end) as bigint) as net_minor,
        cast(sum(case when is_tax_line then amount_minor else 0 end) as bigint) as tax_minor
    from lines
    group by transaction_id, currency
)

select * from final
