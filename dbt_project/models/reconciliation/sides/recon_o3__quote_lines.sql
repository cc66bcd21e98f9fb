{{ config(materialized='view') }}

with

quote_lines as (
    select * from {{ ref('stg_crm__quote_line_items') }}
    where not is_deleted
),

quotes as (
    select * from {{ ref('stg_crm__quotes') }}
    where not is_deleted and status in ('Accepted', 'Approved')
),

orders as (
    select
        quote_id,
        min(effective_on) as effective_on,
        max(coalesce(activated_at, {{ start_of_utc_day('effective_on') }})) as signed_at
    from {{ ref('stg_crm__orders') }}
    where not is_deleted and quote_id is not null
    group by quote_id
),

entries as (
    select * from {{ ref('stg_crm__pricebook_entries') }}
),

-- What is sold by use has a rate and no price: its discount is in the rate. Nobody knows what an entry sells that the
-- price book lacks; what has a price then is asked as any other.
products_with_a_price as (
    select distinct crm_product_code from {{ ref('int_catalog__prices') }}
    where kind = 'recurring'
),

limits as (
    select * from {{ ref('int_catalog__policies') }}
    where policy = 'quote_discount_limit'
),

accounts as (
    select * from {{ ref('int_customers__crosswalk') }}
    where crm_account_id is not null
),

currencies as (
    select * from {{ ref('currencies') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        quote_lines.quote_id || '|' || quote_lines.pricebook_entry_id as tracking_key,
        quote_lines.quote_line_item_id as row_id,
        accounts.account_id,
        quotes.currency,
        {{ net_per_period(
            'quote_lines.quantity', 'quote_lines.unit_price', 'quote_lines.discount_percent', 'currencies.exponent'
        ) }} as amount_minor,
        quote_lines.quantity,
        orders.effective_on as business_on,
        orders.effective_on as due_on,
        'quote line ' || quote_lines.quote_line_item_id || ' of ' || quotes.quote_number
        || coalesce(' (' || {{ file_line('loads', 'quote_lines.line_no') }} || ')', '') as evidence,
        quote_lines.unit_price,
        quote_lines.list_price,
        case when quote_lines.updated_at > orders.signed_at then 1 else 0 end as changed_count,
        case
            when
                (
                    products_with_a_price.crm_product_code is not null
                    or (entries.pricebook_entry_id is null and quote_lines.unit_price > 0)
                )
                and {{ is_discount_over(
                    'quote_lines.unit_price', 'quote_lines.list_price', 'quote_lines.discount_percent',
                    to_numeric('limits.value')
                ) }}
                then 1
            else 0
        end as unapproved_count
    from quote_lines
    inner join quotes on quote_lines.quote_id = quotes.quote_id
    inner join orders on quotes.quote_id = orders.quote_id
    inner join currencies on quotes.currency = currencies.currency
    left join entries on quote_lines.pricebook_entry_id = entries.pricebook_entry_id
    left join products_with_a_price on entries.product_code = products_with_a_price.crm_product_code
    left join limits
        on
            orders.effective_on >= limits.valid_from
            and (orders.effective_on < limits.valid_to or limits.valid_to is null)
    left join accounts on quotes.crm_account_id = accounts.crm_account_id
    left join loads on quote_lines.load_id = loads.load_id
)

select * from final
