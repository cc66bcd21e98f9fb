{{ config(indexes=[{'columns': ['bank_line_key'], 'unique': true}]) }}

with

trace_matches as (
    select * from {{ ref('int_cash__payout_bank_trace_matches') }}
),

amount_matches as (
    select * from {{ ref('int_cash__payout_bank_amount_matches') }}
),

final as (
    select
        bank_line_key,
        payout_id,
        'trace id' as match_rule
    from trace_matches
    union all
    select
        bank_line_key,
        payout_id,
        'amount and arrival' as match_rule
    from amount_matches
)

select * from final
