{{ config(indexes=[{'columns': ['entity', 'period', 'account', 'currency', 'functional_currency'], 'unique': true}]) }}

with

movements as (
    select * from {{ ref('int_ledger__account_movements') }}
),

periods as (
    select * from {{ source('ledger', 'periods') }}
),

gl_accounts as (
    select * from {{ ref('int_ledger__gl_accounts') }}
),

balances as (
    {{ with_period_status(rollforward_of(
        through_last_period('movements', 'periods', ['account', 'currency', 'functional_currency']),
        causes={'debit': "side = 'debit'", 'credit': "side = 'credit'"},
        keys=['entity', 'account', 'currency', 'functional_currency'],
        measures={'amount_minor': '*_minor', 'functional_minor': 'functional_*_minor'}
    ), 'periods') }}
),

final as (
    select
        balances.entity,
        balances.period,
        balances.account,
        gl_accounts.gl_account,
        gl_accounts.gl_name,
        balances.currency,
        cast(balances.opening_minor as bigint) as opening_minor,
        cast(balances.debit_minor as bigint) as debit_minor,
        cast(-balances.credit_minor as bigint) as credit_minor,
        cast(balances.closing_minor as bigint) as closing_minor,
        balances.functional_currency,
        cast(balances.functional_opening_minor as bigint) as functional_opening_minor,
        cast(balances.functional_debit_minor as bigint) as functional_debit_minor,
        cast(-balances.functional_credit_minor as bigint) as functional_credit_minor,
        cast(balances.functional_closing_minor as bigint) as functional_closing_minor,
        balances.is_closed
    from balances
    left join gl_accounts
        on
            balances.entity = gl_accounts.entity
            and balances.account = gl_accounts.account
            and balances.period >= gl_accounts.valid_from
            and (balances.period < gl_accounts.valid_to or gl_accounts.valid_to is null)
)

select * from final
