{{ config(indexes=[{'columns': ['entity', 'period', 'currency', 'functional_currency'], 'unique': true}]) }}
{%- set causes = {
    'accrued': "rule in ('unbilled', 'usage')",
    'billed': "rule = 'invoice'",
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
    {{ posted_rollforward('movements', 'periods', 'unbilled_receivable', causes, sign=1) }}
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
