{#- The list in the macro currency_exponent is the seed's. Rows: currencies where they differ. -#}
with

currencies as (
    select * from {{ ref('currencies') }}
)

select
    currency,
    exponent,
    {{ currency_exponent('currency') }} as exponent_of_macro
from currencies
where exponent <> {{ currency_exponent('currency') }}
