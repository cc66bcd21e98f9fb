with

needed as (
    select * from {{ ref('int_fx__needed_rates') }}
),

spans as (
    select * from {{ ref('int_fx__quote_spans') }}
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
    where policy = 'fx_max_age_days'
),

{{ rates_found() }},

-- Without a rate there is none: not the one before it, not one, not zero.
final as (
    select
        needed.rate_on,
        needed.from_currency,
        needed.to_currency,
        case
            when found.quoted_on is null then 'missing'
            when found.quoted_on = needed.rate_on then 'quoted'
            else 'carried'
        end as status,
        found.method,
        found.rate_numerator,
        found.rate_denominator,
        found.quoted_on,
        {{ days_between('found.quoted_on', 'needed.rate_on') }} as age_days,
        coalesce(found.max_age_days, {{ fx_max_age_days('policies.value') }}) as max_age_days,
        found.file_line
    from needed
    left join found
        on
            needed.rate_on = found.rate_on
            and needed.from_currency = found.from_currency
            and needed.to_currency = found.to_currency
    left join policies
        on
            needed.rate_on >= policies.valid_from
            and (policies.valid_to is null or needed.rate_on < policies.valid_to)
)

select * from final
