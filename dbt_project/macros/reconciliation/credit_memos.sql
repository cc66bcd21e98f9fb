{#-
    A side of C7 over the ERP's credit memos, one row a memo with its month: of its day, or of the accounting period that the
    ERP posted it to (which is the day's where that is not delivered).
-#}
{% macro credit_memos_side(month_of) -%}
with

memos as (
    select * from {{ ref('stg_erp__transactions') }}
    where transaction_type = 'CustCred' and not is_deleted and status is distinct from 'V'
),

accounting_periods as (
    select * from {{ ref('stg_erp__accounting_periods') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        'memo|' || memos.transaction_id as tracking_key,
        memos.transaction_id as row_id,
        cast(null as text) as account_id,
        memos.currency,
        abs(memos.total_minor) as amount_minor,
        cast(null as numeric) as quantity,
        memos.transaction_on as business_on,
        memos.transaction_on as due_on,
        {% if month_of == 'day' -%}
        'credit memo ' || memos.transaction_id
        || coalesce(' (' || {{ file_line('loads', 'memos.line_no') }} || ')', '') as evidence,
        {{ month_text('memos.transaction_on') }} as month
        {%- else -%}
        'period ' || coalesce(accounting_periods.period_name, memos.accounting_period_id) as evidence,
        {{ month_text('coalesce(accounting_periods.start_on, memos.transaction_on)') }} as month
        {%- endif %}
    from memos
    left join accounting_periods on memos.accounting_period_id = accounting_periods.accounting_period_id
    left join loads on memos.load_id = loads.load_id
    where memos.accounting_period_id is not null
)

select * from final
{%- endmacro %}
