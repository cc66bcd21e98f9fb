{#- An amount as Stripe sends it, in minor units, as it is written, and back: the same in every currency.
    Rows: where it is not. -#}
with

currencies as (
    select * from {{ ref('currencies') }}
),

steps as (
    select
        currencies.*,
        steps.n
    from currencies
    cross join {{ integer_series(-3, 3, 'steps') }}
    union all
    select
        currencies.*,
        999999937 as n
    from currencies
),

sent as (
    select
        steps.*,
        cast(n as bigint) * stripe_charge_step as stripe_amount,
        {{ stripe_minor_of_number('cast(n as bigint) * stripe_charge_step', 'currency') }} as minor
    from steps
),

written as (
    select
        sent.*,
        minor * {{ power_of_ten('-exponent') }} as major
    from sent
),

final as (
    select
        written.*,
        {{ minor_units_of_ratio('major', '1', 'exponent') }} as minor_again,
        {{ is_whole_in_minor_units('major', '1', 'exponent') }} as is_whole,
        {{ is_multiple_of_step('stripe_amount', 'stripe_charge_step') }} as is_sendable,
        minor * {{ power_of_ten('stripe_exponent - exponent') }} as stripe_amount_again
    from written
)

select * from final
where
    minor <> minor_again
    or stripe_amount <> stripe_amount_again
    or not is_whole
    or not is_sendable
