{{ config(indexes=[
    {'columns': [
        'entity', 'posted_period', 'original_period', 'rule', 'account', 'currency', 'functional_currency',
    ], 'unique': true},
]) }}

with

movements as (
    select * from {{ ref('int_ledger__movements') }}
    where original_period < posted_period
),

final as (
    select
        entity,
        posted_period,
        original_period,
        rule,
        account,
        currency,
        cast(sum(amount_minor) as bigint) as amount_minor,
        functional_currency,
        cast(sum(functional_minor) as bigint) as functional_minor,
        cast(sum(line_count) as bigint) as line_count
    from movements
    group by entity, posted_period, original_period, rule, account, currency, functional_currency
)

select * from final
