{{ config(indexes=[{'columns': ['entity', 'period', 'currency', 'functional_currency'], 'unique': true}]) }}
{%- set causes = {
    'granted': "rule = 'invoice' and side = 'credit'",
    'applied': "rule = 'invoice' and side = 'debit'",
    'credited': "rule in ('credit_note', 'credit_note_void')",
    'remeasured': "rule like 'fx%'",
} %}

with

movements as (
    select * from {{ ref('int_ledger__account_movements') }}
),

periods as (
    select * from {{ source('ledger', 'periods') }}
),

rolled as (
    {{ posted_rollforward('movements', 'periods', 'customer_credit_balance', causes, sign=-1) }}
),

final as (
    select
        entity,
        period,
        currency,
        functional_currency,
        {{ rollforward_columns(causes | list) }}
    from rolled
)

select * from final
