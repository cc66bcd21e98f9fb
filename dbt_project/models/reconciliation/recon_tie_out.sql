{{ config(indexes=[{'columns': ['period_month', 'currency'], 'unique': true}]) }}

with

tied_lines as (
    select * from {{ ref('recon_tied_lines') }}
),

sums as (
    select
        period_month,
        currency,
        sum(billed_minor) as billed_minor,
        sum(case when is_tied then billed_minor else 0 end) as tied_minor,
        count(*) as line_count,
        sum(case when is_tied then 1 else 0 end) as tied_line_count
    from tied_lines
    group by period_month, currency
),

-- The share is of value, in exact decimals with six places; null where nothing was billed.
final as (
    select
        period_month,
        currency,
        cast(billed_minor as bigint) as billed_minor,
        cast(tied_minor as bigint) as tied_minor,
        cast(billed_minor - tied_minor as bigint) as untied_minor,
        round({{ divide('tied_minor', 'billed_minor') }}, 6) as tied_share,
        line_count,
        tied_line_count
    from sums
)

select * from final
