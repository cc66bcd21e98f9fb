{{ config(indexes=[{'columns': ['monthly_revenue_key'], 'unique': true}]) }}

with

schedules as (
    select * from {{ ref('int_revenue__schedules') }}
),

typed as (
    select
        schedules.*,
        case
            when recognition_method = 'at_once' then 'at_once'
            when line_kind = 'usage' then 'usage'
            else 'recurring'
        end as revenue_type
    from schedules
),

final as (
    select
        {{ hash_key(['month_on', 'currency', 'revenue_type', 'product_code', 'account_id']) }} as monthly_revenue_key,
        month_on,
        currency,
        revenue_type,
        product_code,
        account_id,
        cast(sum(amount_minor) as bigint) as amount_minor,
        count(distinct invoice_line_id) as line_count
    from typed
    group by month_on, currency, revenue_type, product_code, account_id
)

select * from final
