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

-- A pair that is quoted itself, one way or the other, needs no detour.
direct as (
    select
        needed.rate_on,
        needed.from_currency,
        needed.to_currency,
        spans.method,
        spans.rate_numerator,
        spans.rate_denominator,
        spans.rate_on as quoted_on,
        spans.max_age_days,
        spans.file_line
    from needed
    inner join spans
        on
            needed.from_currency = spans.from_currency
            and needed.to_currency = spans.to_currency
            and needed.rate_on >= spans.valid_from
            and needed.rate_on < spans.valid_to
),

through_euro as (
    select
        needed.rate_on,
        needed.from_currency,
        needed.to_currency,
        'cross' as method,
        {{ multiply('into_euro.rate_numerator', 'out_of_euro.rate_numerator') }} as rate_numerator,
        {{ multiply('into_euro.rate_denominator', 'out_of_euro.rate_denominator') }} as rate_denominator,
        least(into_euro.rate_on, out_of_euro.rate_on) as quoted_on,
        least(into_euro.max_age_days, out_of_euro.max_age_days) as max_age_days,
        into_euro.file_line || ', ' || out_of_euro.file_line as file_line
    from needed
    inner join spans as into_euro
        on
            needed.from_currency = into_euro.from_currency
            and into_euro.to_currency = 'eur'
            and needed.rate_on >= into_euro.valid_from
            and needed.rate_on < into_euro.valid_to
    inner join spans as out_of_euro
        on
            needed.to_currency = out_of_euro.to_currency
            and out_of_euro.from_currency = 'eur'
            and needed.rate_on >= out_of_euro.valid_from
            and needed.rate_on < out_of_euro.valid_to
    left join direct
        on
            needed.rate_on = direct.rate_on
            and needed.from_currency = direct.from_currency
            and needed.to_currency = direct.to_currency
    where direct.rate_on is null
),

found as (
    select * from direct
    union all
    select * from through_euro
),

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
