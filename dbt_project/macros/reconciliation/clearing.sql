{#-
    The side of C8 that was debited, or credited, on the clearing accounts: policies clearing_account:<number> say which
    they are. Everything that a payout pays out comes together under the payout; what no payout holds yet stands alone.
-#}
{% macro clearing_side(side) -%}
with

postings as (
    select * from {{ ref('int_ledger__clearing_postings') }}
    where amount_minor {{ '>' if side == 'debit' else '<' }} 0
),

final as (
    select
        gl_account || '|' || entity_key as tracking_key,
        posting_key as row_id,
        cast(null as text) as account_id,
        currency,
        {{ 'amount_minor' if side == 'debit' else '-amount_minor' }} as amount_minor,
        cast(null as numeric) as quantity,
        transaction_on as business_on,
        coalesce(settles_on, transaction_on) as due_on,
        transaction_type || ' ' || transaction_id || coalesce(' (' || file_line || ')', '') as evidence
    from postings
)

select * from final
{%- endmacro %}
