{%- set keys = ['basis', 'subscription_item_id', 'period_start', 'priced_bucket_no'] -%}
with

metered_periods as (
    {{ metered_periods_by_basis("price_per in ('day', 'hour')") }}
),

period_states as (
    {{ usage_states_by_basis("price_per in ('day', 'hour')") }}
),

-- Days and clock hours are numbered from 1970 on. A bucket of a meter that is priced by the hour lies inside an hour.
states as (
    select
        period_states.*,
        case
            when metered_periods.price_per = 'hour'
                then {{ floor_ratio('period_states.bucket_no * metered_periods.bucket_minutes', '60') }}
            else {{ days_between("date '1970-01-01'", 'period_states.usage_on') }}
        end as priced_bucket_no
    from period_states
    inner join metered_periods
        on
            period_states.basis = metered_periods.basis
            and period_states.subscription_item_id = metered_periods.subscription_item_id
            and period_states.period_start = metered_periods.period_start
    where not period_states.is_initial
),

buckets as (
    select distinct
        basis,
        subscription_item_id,
        period_start,
        priced_bucket_no
    from states
),

metered_buckets as (
    select
        metered_periods.*,
        buckets.priced_bucket_no
    from metered_periods
    inner join buckets
        on
            metered_periods.basis = buckets.basis
            and metered_periods.subscription_item_id = buckets.subscription_item_id
            and metered_periods.period_start = buckets.period_start
),

quantities as (
    {{ metered_quantities('metered_buckets', 'states', keys, usage_tie_break().split(',')) }}
),

final as (
    select
        basis,
        subscription_item_id,
        period_start,
        priced_bucket_no as bucket_no,
        quantity
    from quantities
)

select * from final
