with

lines as (
    select * from {{ ref('int_billing__stripe_invoice_lines') }}
    union all
    select * from {{ ref('int_billing__erp_invoice_lines') }}
),

final as (
    select
        case when lines.line_kind <> 'manual' then {{ line_key('lines', utc_date_text) }} end as charge_key,
        lines.*
    from lines
)

select * from final
