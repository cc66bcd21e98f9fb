{{ config(indexes=[
    {'columns': ['entity', 'period', 'currency', 'functional_currency', 'bucket'], 'unique': true},
]) }}

with

open_receivables as (
    select * from {{ ref('int_ledger__open_receivables') }}
),

final as (
    select
        entity,
        period,
        currency,
        functional_currency,
        bucket,
        bucket_name,
        cast(sum(open_minor) as bigint) as open_minor,
        cast(sum(functional_open_minor) as bigint) as functional_open_minor,
        count(*) as invoice_count,
        is_closed
    from open_receivables
    group by entity, period, currency, functional_currency, bucket, bucket_name, is_closed
)

select * from final
