{{ config(indexes=[{'columns': ['match_group', 'side', 'row_id'], 'unique': true}]) }}

with

receipts as (
    select * from {{ ref('int_cash__receipts') }}
),

payments as (
    select * from {{ ref('int_cash__recorded_receipts') }}
),

receivables as (
    select * from {{ ref('int_cash__receivables') }}
),

recorded_matches as (
    select
        bank_line_key,
        'payment' as item_side,
        transaction_id as item_id,
        match_rule,
        used_minor
    from {{ ref('int_cash__recorded_receipt_matches') }}
),

invoice_matches as (
    select
        bank_line_key,
        'invoice' as item_side,
        invoice_key as item_id,
        match_rule,
        used_minor
    from {{ ref('int_cash__receipt_invoice_matches') }}
),

matches as (
    select * from recorded_matches
    union all
    select * from invoice_matches
),

bank_members as (
    select
        matches.bank_line_key as match_group,
        'bank' as side,
        matches.bank_line_key as row_id,
        receipts.currency,
        receipts.amount_minor as row_minor,
        cast(sum(matches.used_minor) as bigint) as used_minor,
        min(matches.match_rule) as match_rule
    from matches
    inner join receipts on matches.bank_line_key = receipts.bank_line_key
    group by matches.bank_line_key, receipts.currency, receipts.amount_minor
),

items as (
    select
        'payment' as item_side,
        transaction_id as item_id,
        currency,
        amount_minor
    from payments
    union all
    select
        'invoice' as item_side,
        invoice_key as item_id,
        currency,
        amount_minor
    from receivables
),

item_members as (
    select
        matches.bank_line_key as match_group,
        matches.item_side as side,
        matches.item_id as row_id,
        items.currency,
        items.amount_minor as row_minor,
        matches.used_minor,
        matches.match_rule
    from matches
    inner join items on matches.item_side = items.item_side and matches.item_id = items.item_id
),

members as (
    select * from bank_members
    union all
    select * from item_members
),

-- What other matches used of the row before: used_before + used may never exceed the row.
final as (
    select
        match_group,
        side,
        row_id,
        currency,
        cast(row_minor as bigint) as row_minor,
        cast(
            coalesce(
                sum(used_minor) over (
                    partition by side, row_id order by match_group rows between unbounded preceding and 1 preceding
                ),
                0
            ) as bigint
        ) as used_before_minor,
        cast(used_minor as bigint) as used_minor,
        match_rule
    from members
)

select * from final
