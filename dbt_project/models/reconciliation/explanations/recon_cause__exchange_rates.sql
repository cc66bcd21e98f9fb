with

results as (
    select * from {{ ref('recon_results') }}
    where control_id = 'C2' and status = 'open' and break_class = 'FX'
),

charges as (
    select * from {{ ref('stg_stripe__charges') }}
    where not is_deleted
),

bookings as (
    select * from {{ ref('int_cash__balance_transactions') }}
),

rates as (
    select * from {{ ref('int_fx__daily_rates') }}
    where rate_denominator > 0
),

-- The charge at the published rate of each day around it.
converted as (
    select
        results.control_id,
        results.comparison,
        results.tracking_key,
        results.amount_minor as explained_minor,
        bookings.amount_minor as booked_minor,
        rates.rate_on,
        abs({{ days_between(utc_date('charges.created_at'), 'rates.rate_on') }}) as distance,
        {{ round_ratio(
            'coalesce(charges.amount_captured_minor, charges.amount_minor) * rates.rate_numerator * '
            ~ power_of_ten('greatest(' ~ currency_exponent('bookings.currency') ~ ' - '
            ~ currency_exponent('charges.currency') ~ ', 0)'),
            'rates.rate_denominator * '
            ~ power_of_ten('greatest(' ~ currency_exponent('charges.currency') ~ ' - '
            ~ currency_exponent('bookings.currency') ~ ', 0)')
        ) }} as converted_minor
    from results
    inner join charges on results.tracking_key = charges.charge_id
    inner join bookings on charges.charge_id = bookings.source_id
    inner join rates
        on
            charges.currency = rates.from_currency
            and bookings.currency = rates.to_currency
            and rates.rate_on >= {{ add_days(utc_date('charges.created_at'), -7) }}
            and rates.rate_on <= {{ add_days(utc_date('charges.created_at'), 7) }}
    where results.left_row_count = 1 and results.right_row_count = 1
),

numbered as (
    select
        converted.*,
        row_number() over (partition by comparison, tracking_key order by distance, rate_on) as place
    from converted
    where abs(converted_minor - booked_minor) <= 1
),

final as (
    select
        control_id,
        comparison,
        tracking_key,
        'CONFIG.currency' as cause,
        'converted at the published rate of ' || {{ date_text('rate_on') }} || ' instead of the rate stated'
            as explained_by,
        explained_minor
    from numbered
    where place = 1
)

select * from final
