{{ config(indexes=[{'columns': ['currency'], 'unique': true}]) }}

with

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        currency,
        exponent
    from currencies
)

select * from final
