{{ config(indexes=[{'columns': ['entity', 'period', 'currency', 'functional_currency'], 'unique': true}]) }}
{%- set causes = {
    'billed': "rule = 'invoice'",
    'refunded': "rule = 'refund'",
    'disputed': "rule in ('dispute', 'dispute_won', 'dispute_lost')",
    'credited': "rule in ('credit_note', 'credit_note_void')",
    'voided': "rule = 'void'",
    'written_off': "rule = 'uncollectible'",
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
    {{ posted_rollforward('movements', 'periods', 'tax_payable', causes, sign=-1) }}
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
