{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_closing__periods') }}
),

gl_accounts as (
    select * from {{ ref('int_ledger__gl_accounts') }}
),

final as (
    select
        periods.entity,
        periods.period,
        gl_accounts.account,
        gl_accounts.gl_account,
        gl_accounts.gl_name,
        gl_accounts.account in {{ revenue_accounts() }} as is_net_revenue
    from periods
    inner join gl_accounts
        on
            periods.entity = gl_accounts.entity
            and periods.period >= gl_accounts.valid_from
            and (periods.period < gl_accounts.valid_to or gl_accounts.valid_to is null)
)

select * from final
