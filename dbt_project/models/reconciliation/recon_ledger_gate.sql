{{ config(materialized='view') }}

with

final as (
    select * from {{ ref('recon_ledger_gate__trial_balance') }}
    union all
    select * from {{ ref('recon_ledger_gate__schedules') }}
    union all
    select * from {{ ref('recon_ledger_gate__receivables') }}
    union all
    select * from {{ ref('recon_ledger_gate__unbilled') }}
    union all
    select * from {{ ref('recon_ledger_gate__invoices') }}
    union all
    select * from {{ ref('recon_ledger_gate__processor') }}
    union all
    select * from {{ ref('recon_ledger_gate__tax') }}
    union all
    select * from {{ ref('recon_ledger_gate__credit_balances') }}
    union all
    select * from {{ ref('recon_ledger_gate__obligations') }}
    union all
    select * from {{ ref('recon_ledger_gate__transfer') }}
    union all
    select * from {{ ref('recon_ledger_gate__builds') }}
    union all
    select * from {{ ref('recon_ledger_gate__reproductions') }}
)

select * from final
