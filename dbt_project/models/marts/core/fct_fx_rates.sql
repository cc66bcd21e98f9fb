{{ config(indexes=[{'columns': ['rate_on', 'from_currency', 'to_currency'], 'unique': true}]) }}

with

rates as (
    select * from {{ ref('int_fx__daily_rates') }}
),

final as (
    select
        rate_on,
        from_currency,
        to_currency,
        status,
        method,
        rate_numerator,
        rate_denominator,
        quoted_on,
        age_days,
        max_age_days,
        file_line
    from rates
)

select * from final
