{{ config(indexes=[{'columns': ['account_id', 'meter_code', 'day_on'], 'unique': true}]) }}

with

resummed as (
    select * from {{ ref('recon_resummed_usage') }}
),

-- Meters that an external one counts in the same way; another aggregation cannot be worked out from sums of a day.
meters as (
    select
        meters.*,
        catalogue.stripe_meter_id
    from {{ ref('int_usage__meters') }} as meters
    inner join {{ ref('stg_catalog__meters') }} as catalogue on meters.meter_code = catalogue.meter_code
    where
        meters.aggregation in ('sum', 'count', 'max')
        and coalesce(meters.multiplier, 1) = 1
        and meters.bucket_minutes is null
        and meters.window_start is null
        and meters.group_fields is null
        and meters.filter_values is null
        and catalogue.stripe_meter_id is not null
),

accounts as (
    select * from {{ ref('int_customers__crosswalk') }}
    where stripe_customer_id is not null
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- What was recorded after the bill's cut-off is not sent any more.
late_events as (
    select * from {{ ref('int_usage__late_events') }}
),

periods as (
    select * from {{ ref('int_rating__usage_periods') }}
    where billing_system = 'stripe'
),

judged as (
    select
        late_events.account_id,
        late_events.meter_code,
        {{ utc_date('late_events.occurred_at') }} as day_on,
        late_events.quantity,
        periods.cut_off_at is not null and late_events.recorded_at >= periods.cut_off_at as is_after_cut_off,
        late_events.recorded_at > {{ add_hours('late_events.occurred_at', '35 * 24') }} as is_too_old
    from late_events
    left join periods
        on
            late_events.account_id = periods.account_id
            and late_events.meter_code = periods.meter_code
            and late_events.usage_on >= periods.usage_from
            and late_events.usage_on < periods.usage_until
),

unsent as (
    select
        account_id,
        meter_code,
        day_on,
        count(*) filter (where is_after_cut_off) as after_cut_off_count,
        coalesce(sum(quantity) filter (where is_after_cut_off), 0) as after_cut_off_sum,
        count(*) filter (where is_too_old and not is_after_cut_off) as too_old_count,
        coalesce(sum(quantity) filter (where is_too_old and not is_after_cut_off), 0) as too_old_sum
    from judged
    group by account_id, meter_code, day_on
),

-- Exact copies that came a day or more after the first: an external meter that forgets an event's identity counts them.
copies as (
    select
        repeats.account_id,
        meters.meter_code,
        repeats.occurred_on as day_on,
        count(*) as copy_count,
        coalesce(sum(repeats.quantity), 0) as copy_sum
    from {{ ref('int_usage__event_repeats') }} as repeats
    inner join meters on repeats.event_type = meters.event_type
    where repeats.copy_no > 1 and not repeats.is_conflict
    group by repeats.account_id, meters.meter_code, repeats.occurred_on
),

counted as (
    select
        resummed.account_id,
        meters.meter_code,
        meters.aggregation,
        resummed.occurred_on as day_on,
        resummed.load_id,
        {{ joined_text(file_of_load('loads')) }} as files,
        max(loads.delivered_on) as delivered_on,
        sum(resummed.event_count) as event_count,
        sum(resummed.quantity_sum) as quantity_sum,
        max(resummed.quantity_max) as quantity_max
    from resummed
    inner join meters on resummed.event_type = meters.event_type
    inner join accounts on resummed.account_id = accounts.account_id
    inner join loads on resummed.load_id = loads.load_id
    group by resummed.account_id, meters.meter_code, meters.aggregation, resummed.occurred_on, resummed.load_id
),

-- By the day of delivery, whatever the order in which days were loaded.
ranked as (
    select
        counted.*,
        row_number() over (
            partition by account_id, meter_code, day_on order by delivered_on desc, files desc
        ) as place_from_last
    from counted
),

summed as (
    select
        account_id,
        meter_code,
        aggregation,
        day_on,
        {{ joined_text('files') }} as files,
        max(delivered_on) as delivered_on,
        count(*) as load_count,
        sum(event_count) as event_count,
        sum(quantity_sum) as quantity_sum,
        max(quantity_max) as quantity_max,
        sum(case when place_from_last = 1 then event_count end) as last_event_count,
        sum(case when place_from_last = 1 then quantity_sum end) as last_quantity_sum
    from ranked
    group by account_id, meter_code, aggregation, day_on
),

final as (
    select
        summed.account_id,
        summed.meter_code,
        summed.day_on,
        summed.files,
        summed.delivered_on,
        {{ metered_value('summed.event_count - coalesce(unsent.after_cut_off_count, 0)',
            'summed.quantity_sum - coalesce(unsent.after_cut_off_sum, 0)', 'summed.quantity_max') }} as quantity,
        {{ metered_value('coalesce(unsent.after_cut_off_count, 0)', 'coalesce(unsent.after_cut_off_sum, 0)', '0') }}
            as after_cut_off_quantity,
        {{ metered_value('coalesce(unsent.too_old_count, 0)', 'coalesce(unsent.too_old_sum, 0)', '0') }}
            as too_old_quantity,
        {{ metered_value('coalesce(copies.copy_count, 0)', 'coalesce(copies.copy_sum, 0)', '0') }} as copied_quantity,
        case
            when summed.load_count > 1
                then {{ metered_value('summed.last_event_count', 'summed.last_quantity_sum', 'null') }}
        end as last_quantity
    from summed
    left join unsent
        on
            summed.account_id = unsent.account_id
            and summed.meter_code = unsent.meter_code
            and summed.day_on = unsent.day_on
    left join copies
        on
            summed.account_id = copies.account_id
            and summed.meter_code = copies.meter_code
            and summed.day_on = copies.day_on
)

select * from final
