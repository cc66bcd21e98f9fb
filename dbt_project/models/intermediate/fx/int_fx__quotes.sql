with

rates as (
    select * from {{ ref('stg_fx__rates') }}
    where not is_deleted and rate > 0 and from_currency <> to_currency
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- A rate is kept as a ratio, so that its inverse is exact too.
quoted as (
    select
        rates.rate_on,
        rates.from_currency,
        rates.to_currency,
        rates.rate as rate_numerator,
        cast(1 as numeric) as rate_denominator,
        'published' as method,
        {{ file_line('loads', 'rates.line_no') }} as file_line
    from rates
    left join loads on rates.load_id = loads.load_id
),

both_ways as (
    select * from quoted
    union all
    select
        quoted.rate_on,
        quoted.to_currency as from_currency,
        quoted.from_currency as to_currency,
        quoted.rate_denominator as rate_numerator,
        quoted.rate_numerator as rate_denominator,
        'inverse' as method,
        quoted.file_line
    from quoted
),

-- What was published goes before the inverse of what was.
ranked as (
    select
        both_ways.*,
        row_number() over (
            partition by rate_on, from_currency, to_currency order by method desc, file_line asc
        ) as rank_in_pair
    from both_ways
),

final as (
    select
        rate_on,
        from_currency,
        to_currency,
        rate_numerator,
        rate_denominator,
        method,
        file_line
    from ranked
    where rank_in_pair = 1
)

select * from final
