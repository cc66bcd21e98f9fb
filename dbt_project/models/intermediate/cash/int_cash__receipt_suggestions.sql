{{ config(indexes=[{'columns': ['bank_line_key', 'invoice_key'], 'unique': true}]) }}

with

matched_receipts as (
    select bank_line_key from {{ ref('int_cash__recorded_receipt_matches') }}
    union
    select bank_line_key from {{ ref('int_cash__receipt_invoice_matches') }}
),

matched_invoices as (
    select distinct invoice_key from {{ ref('int_cash__receipt_invoice_matches') }}
),

receipts as (
    select receipts.*
    from {{ ref('int_cash__receipts') }} as receipts
    left join matched_receipts on receipts.bank_line_key = matched_receipts.bank_line_key
    where matched_receipts.bank_line_key is null
),

receivables as (
    select
        receivables.*,
        coalesce({{ words_of('receivables.invoice_number') }}, '') as reference
    from {{ ref('int_cash__receivables') }} as receivables
    left join matched_invoices on receivables.invoice_key = matched_invoices.invoice_key
    where matched_invoices.invoice_key is null
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
),

pairs as (
    select
        receipts.bank_line_key,
        receipts.currency,
        receipts.booking_on,
        receipts.amount_minor as receipt_minor,
        receivables.invoice_key,
        receivables.amount_minor as open_minor,
        receivables.amount_minor - receipts.amount_minor as short_minor,
        {{ names('receipts.words', 'receivables.reference') }} as is_named,
        coalesce(receipts.party = receivables.party, false) as is_of_payer,
        receipts.amount_minor = receivables.amount_minor as is_exact
    from receipts
    inner join receivables
        on receipts.currency = receivables.currency and receipts.booking_on >= receivables.invoice_on
    where
        {{ names('receipts.words', 'receivables.reference') }}
        or receipts.party = receivables.party
        or (receipts.amount_minor = receivables.amount_minor and receipts.party is null)
),

-- A difference has a reason that somebody declared, or none: it is never a tolerance.
reasoned as (
    select
        pairs.*,
        case
            when
                pairs.short_minor > 0
                and pairs.short_minor <= {{ to_bigint('fee_bands.value') }} then 'PARTNER.bank_fee'
            when
                pairs.short_minor > 0
                and pairs.short_minor <= {{ to_bigint('write_offs.value') }} then 'POLICY.writeoff'
        end as difference_reason,
        case when pairs.is_named then 4 else 0 end
        + case when pairs.is_of_payer then 2 else 0 end
        + case when pairs.is_exact then 1 else 0 end as score
    from pairs
    left join policies as fee_bands
        on
            fee_bands.policy = 'bank_fee_band:' || pairs.currency
            and pairs.booking_on >= fee_bands.valid_from
            and (fee_bands.valid_to is null or pairs.booking_on < fee_bands.valid_to)
    left join policies as write_offs
        on
            write_offs.policy = 'write_off_limit:' || pairs.currency
            and pairs.booking_on >= write_offs.valid_from
            and (write_offs.valid_to is null or pairs.booking_on < write_offs.valid_to)
),

-- The payer's other invoices are no suggestion unless their amount speaks for them.
kept as (
    select * from reasoned
    where is_named or is_exact or difference_reason is not null
),

ranked as (
    select
        kept.*,
        rank() over (
            partition by bank_line_key
            order by score desc, case when difference_reason is null then 1 else 0 end, abs(short_minor)
        ) as suggestion_rank
    from kept
),

final as (
    select
        bank_line_key,
        invoice_key,
        currency,
        receipt_minor,
        open_minor,
        short_minor,
        suggestion_rank,
        count(*) over (partition by bank_line_key, suggestion_rank) as solution_count,
        case when is_named then 'names the invoice' else 'does not name the invoice' end
        || case when is_of_payer then ', customer agrees' else ', payer unknown or another' end
        || case
            when is_exact then ', amount agrees'
            when short_minor > 0 then ', short by ' || cast(short_minor as text)
            else ', over by ' || cast(-short_minor as text)
        end as reasons,
        difference_reason
    from ranked
)

select * from final
