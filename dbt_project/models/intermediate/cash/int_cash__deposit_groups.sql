{{ config(indexes=[{'columns': ['side', 'row_id'], 'unique': true}]) }}

with recursive

payouts as (
    select * from {{ ref('int_cash__payouts') }}
    where status not in ('canceled', 'failed')
),

bank_lines as (
    select * from {{ ref('int_cash__bank_lines') }}
    where is_processor and amount_minor > 0
),

matches as (
    select * from {{ ref('int_cash__payout_bank_matches') }}
),

named as (
    select
        bank_lines.bank_line_key,
        payouts.payout_id,
        count(*) over (partition by bank_lines.bank_line_key) as payout_count,
        count(*) over (partition by payouts.payout_id) as line_count
    from bank_lines
    inner join payouts
        on
            bank_lines.currency = payouts.currency
            and payouts.trace_id is not null
            and bank_lines.booking_on >= {{ add_days('payouts.arrival_on', -10) }}
            and bank_lines.booking_on <= {{ add_days('payouts.arrival_on', 30) }}
            and strpos(bank_lines.entry_text, upper(payouts.trace_id)) > 0
    left join matches on payouts.payout_id = matches.payout_id
    where matches.payout_id is null
),

-- The bank put several payouts into one entry, and says which.
named_deposits as (
    select
        bank_line_key,
        payout_id
    from named
    group by bank_line_key, payout_id
    having max(payout_count) > 1 and max(line_count) = 1
),

open_payouts as (
    select payouts.*
    from payouts
    left join matches on payouts.payout_id = matches.payout_id
    left join named_deposits on payouts.payout_id = named_deposits.payout_id
    where matches.payout_id is null and named_deposits.payout_id is null and payouts.amount_minor > 0
),

open_lines as (
    select bank_lines.*
    from bank_lines
    left join matches on bank_lines.bank_line_key = matches.bank_line_key
    left join named_deposits on bank_lines.bank_line_key = named_deposits.bank_line_key
    where matches.bank_line_key is null and named_deposits.bank_line_key is null
),

-- The bank does not say which: payouts of one arrival day, or the entries of one day.
candidates as (
    select
        'combined|' || open_lines.bank_line_key || '|' || {{ date_text('open_payouts.arrival_on') }} as deposit,
        open_lines.amount_minor as deposit_minor,
        open_payouts.payout_id as part,
        open_payouts.amount_minor as part_minor,
        open_lines.bank_line_key as whole
    from open_lines
    inner join open_payouts
        on
            open_lines.currency = open_payouts.currency
            and open_lines.amount_minor > open_payouts.amount_minor
            and open_lines.booking_on >= open_payouts.arrival_on
            and {{ add_business_days('open_payouts.arrival_on', 3) }} >= open_lines.booking_on
    union all
    select
        'split|' || open_payouts.payout_id || '|' || {{ date_text('open_lines.booking_on') }} as deposit,
        open_payouts.amount_minor as deposit_minor,
        open_lines.bank_line_key as part,
        open_lines.amount_minor as part_minor,
        open_payouts.payout_id as whole
    from open_payouts
    inner join open_lines
        on
            open_payouts.currency = open_lines.currency
            and open_payouts.amount_minor > open_lines.amount_minor
            and open_payouts.arrival_on <= open_lines.booking_on
            and {{ add_business_days('open_payouts.arrival_on', 3) }} >= open_lines.booking_on
),

{{ subset_sums('candidates', 'deposit', 'deposit_minor', 'part', 'part_minor') }},

wholes as (
    select distinct
        deposit,
        whole
    from candidates
),

summed as (
    select
        only_sums.group_id as deposit,
        only_sums.member_id as part,
        wholes.whole,
        count(*) over (partition by only_sums.member_id) as part_uses
    from only_sums
    inner join wholes on only_sums.group_id = wholes.deposit
),

-- What two sums claim, or a whole that two sums make up, is a tie.
untied as (
    select
        deposit,
        whole
    from summed
    group by deposit, whole
    having max(part_uses) = 1
),

sole_deposits as (
    select
        deposit,
        whole,
        count(*) over (partition by whole) as whole_uses
    from untied
),

final as (
    select distinct
        'bank' as side,
        bank_line_key as row_id,
        bank_line_key as group_key,
        'combined, named' as match_rule
    from named_deposits
    union all
    select
        'payout' as side,
        payout_id as row_id,
        bank_line_key as group_key,
        'combined, named' as match_rule
    from named_deposits
    union all
    select
        'payout' as side,
        summed.part as row_id,
        sole_deposits.whole as group_key,
        'combined, one sum' as match_rule
    from summed
    inner join sole_deposits on summed.deposit = sole_deposits.deposit
    where sole_deposits.whole_uses = 1 and summed.deposit like 'combined|%'
    union all
    select
        'bank' as side,
        summed.part as row_id,
        sole_deposits.whole as group_key,
        'split, one sum' as match_rule
    from summed
    inner join sole_deposits on summed.deposit = sole_deposits.deposit
    where sole_deposits.whole_uses = 1 and summed.deposit like 'split|%'
)

select * from final
