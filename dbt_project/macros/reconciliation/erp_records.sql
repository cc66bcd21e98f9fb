{#-
    A side of B4: the ERP's records of one type that carry the id of a Stripe document, one row a record. A void one counts as nothing; a
    record is edited when a line of it was changed after the record was made. `sign` turns the main line into the document's total.
-#}
{% macro erp_records_side(transaction_type, id_prefix, sign) -%}
with

transactions as (
    select * from {{ ref('stg_erp__transactions') }}
    where
        transaction_type = '{{ transaction_type }}'
        and not is_deleted
        and substr(external_id, 1, {{ id_prefix | length }}) = '{{ id_prefix }}'
),

lines as (
    select
        transaction_id,
        sum(case when is_main_line then amount_minor else 0 end) as main_minor,
        sum(case when is_tax_line then amount_minor else 0 end) as tax_minor,
        max(updated_at) as updated_at
    from {{ ref('stg_erp__transaction_lines') }}
    where not is_deleted
    group by transaction_id
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
    where erp_customer_id is not null
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        transactions.external_id as tracking_key,
        transactions.transaction_id as row_id,
        customers.account_id,
        transactions.currency,
        cast(
            case
                when transactions.status = 'V' then 0
                else coalesce(-({{ sign }}) * transactions.total_minor, {{ sign }} * lines.main_minor, 0)
            end as bigint
        ) as amount_minor,
        cast(null as numeric) as quantity,
        coalesce(transactions.transaction_on, loads.delivered_on) as business_on,
        coalesce(transactions.transaction_on, loads.delivered_on) as due_on,
        'ERP transaction ' || transactions.transaction_id
        || coalesce(' (' || {{ file_line('loads', 'transactions.line_no') }} || ')', '') as evidence,
        transactions.status as document_status,
        cast(
            case when transactions.status = 'V' then 0 else -({{ sign }}) * coalesce(lines.tax_minor, 0) end as bigint
        ) as tax_minor,
        case when transactions.status = 'V' then 1 else 0 end as void_count,
        case when lines.updated_at > transactions.created_at then 1 else 0 end as edited_count
    from transactions
    left join lines on transactions.transaction_id = lines.transaction_id
    left join customers on transactions.customer_id = customers.erp_customer_id
    left join loads on transactions.load_id = loads.load_id
)

select * from final
{%- endmacro %}


{#- Compared documents of B4 with break_class. What is void on both sides, or was never posted and is void, ties out. -#}
{% macro posted_document_classes(relation) -%}
    select
        {{ relation }}.*,
        case
            when outcome in ('MISSING_RIGHT', 'TIMING_RIGHT') and left_void_count > 0 then null
            when outcome = 'AMOUNT' and left_void_count > 0 and right_void_count = 0 then 'VOID_NOT_REVERSED'
            when outcome = 'AMOUNT' and right_edited_count > 0 then 'EDITED_AFTER_SYNC'
            when outcome in ('MATCHED', 'CUTOFF') and abs(left_tax_minor - right_tax_minor) > 1 then 'EDITED_AFTER_SYNC'
            when outcome = 'CUTOFF' and left_void_count > 0 then null
            else {{ named_outcome({'MISSING_RIGHT': 'NOT_POSTED', 'DUPLICATE': 'POSTED_TWICE'}) }}
        end as break_class
    from {{ relation }}
{%- endmacro %}
