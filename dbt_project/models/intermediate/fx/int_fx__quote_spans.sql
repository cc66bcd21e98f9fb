with

quotes as (
    select * from {{ ref('int_fx__quotes') }}
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
    where policy = 'fx_max_age_days'
),

followed as (
    select
        quotes.*,
        {{ fx_max_age_days('policies.value') }} as max_age_days,
        lead(quotes.rate_on) over (
            partition by quotes.from_currency, quotes.to_currency order by quotes.rate_on
        ) as followed_on
    from quotes
    left join policies
        on
            quotes.rate_on >= policies.valid_from
            and (policies.valid_to is null or quotes.rate_on < policies.valid_to)
),

-- A rate holds until the next one of its pair, and for no more days than the policy lets it.
final as (
    select
        from_currency,
        to_currency,
        rate_on,
        rate_on as valid_from,
        case
            when followed_on <= {{ add_days('rate_on', 'max_age_days') }} then followed_on
            else {{ add_days('rate_on', 'max_age_days + 1') }}
        end as valid_to,
        max_age_days,
        rate_numerator,
        rate_denominator,
        method,
        file_line
    from followed
)

select * from final
