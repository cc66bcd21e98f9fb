{{ config(indexes=[{'columns': ['bank_line_key'], 'unique': true}]) }}

with

bank_lines as (
    select * from {{ ref('int_cash__bank_lines') }}
    where amount_minor > 0 and not is_processor
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
    where policy like 'other_receipts:%'
),

payers as (
    select * from {{ ref('int_cash__payer_names') }}
),

worded as (
    select
        bank_lines.*,
        {{ words_of("bank_lines.entry_text || ' ' || coalesce(bank_lines.counterparty, '')") }} as words
    from bank_lines
),

-- What the treasury has declared to come from somebody else: capital, interest, refunds of suppliers.
customer_lines as (
    select worded.*
    from worded
    left join policies
        on
            strpos(worded.words, {{ words_of('policies.value') }}) > 0
            and worded.booking_on >= policies.valid_from
            and (policies.valid_to is null or worded.booking_on < policies.valid_to)
    where policies.policy is null
),

-- The longest name that the text holds is the payer's, unless two customers have it.
named as (
    select
        customer_lines.bank_line_key,
        payers.customer_id,
        payers.party,
        length(payers.name_words) as name_length,
        max(length(payers.name_words)) over (partition by customer_lines.bank_line_key) as longest
    from customer_lines
    inner join payers on strpos(customer_lines.words, payers.name_words) > 0
),

payer_of_lines as (
    select
        bank_line_key,
        min(customer_id) as customer_id,
        min(party) as party,
        count(distinct customer_id) as customer_count
    from named
    where name_length = longest
    group by bank_line_key
),

final as (
    select
        customer_lines.bank_line_key,
        customer_lines.bank_account_id,
        customer_lines.currency,
        customer_lines.amount_minor,
        customer_lines.booking_on,
        customer_lines.words,
        case when payer_of_lines.customer_count = 1 then payer_of_lines.customer_id end as payer_customer_id,
        case when payer_of_lines.customer_count = 1 then payer_of_lines.party end as party,
        customer_lines.file_line
    from customer_lines
    left join payer_of_lines on customer_lines.bank_line_key = payer_of_lines.bank_line_key
)

select * from final
