{{ config(indexes=[{'columns': ['account_id', 'meter_code', 'usage_month'], 'unique': true}]) }}

with

usage_daily as (
    select * from {{ ref('int_usage__daily') }}
    where event_count > 0
),

accounts as (
    select * from {{ ref('int_customers__crosswalk') }}
),

paid_plans as (
    select distinct plan_code from {{ ref('int_catalog__prices') }}
    where kind = 'recurring' and plan_code is not null
),

priced_meters as (
    select distinct meter_code from {{ ref('int_catalog__prices') }}
    where kind = 'usage'
),

zones as (
    select * from {{ ref('int_usage__account_zones') }}
),

-- The first local day of a contract may be used up to a day before it, while the account is set up; its last day is
-- used until the instant at which it ends.
contracts as (
    select
        item_versions.account_id,
        item_versions.meter_code,
        {{ add_days(local_date('item_versions.valid_from', "coalesce(zones.timezone, 'UTC')"), -1) }} as from_on,
        {{ local_date('item_versions.valid_to', "coalesce(zones.timezone, 'UTC')") }} as until_on
    from {{ ref('int_rating__metered_item_versions') }} as item_versions
    left join zones on item_versions.account_id = zones.account_id
    where item_versions.account_id is not null
),

contracted as (
    select
        account_id,
        meter_code,
        count(*) as contract_count
    from contracts
    group by account_id, meter_code
),

-- Plans without a price are free: whoever is on one owes nothing for usage.
months as (
    select
        usage_daily.account_id,
        usage_daily.meter_code,
        {{ month_start('usage_daily.usage_on') }} as usage_month,
        accounts.status as account_status,
        min(usage_daily.usage_on) as first_on,
        max(usage_daily.usage_on) as last_on,
        sum(usage_daily.event_count) as event_count
    from usage_daily
    inner join accounts on usage_daily.account_id = accounts.account_id
    inner join priced_meters on usage_daily.meter_code = priced_meters.meter_code
    left join paid_plans on accounts.plan_code = paid_plans.plan_code
    where accounts.plan_code is null or paid_plans.plan_code is not null
    group by
        usage_daily.account_id, usage_daily.meter_code, {{ month_start('usage_daily.usage_on') }}, accounts.status
),

whole as (
    select distinct
        months.account_id,
        months.meter_code,
        months.usage_month
    from months
    inner join contracts
        on
            months.account_id = contracts.account_id
            and months.meter_code = contracts.meter_code
            and months.first_on >= contracts.from_on
            and (months.last_on <= contracts.until_on or contracts.until_on is null)
),

-- Days are asked one by one only in months that no single contract covers.
covered_days as (
    select
        months.account_id,
        months.meter_code,
        months.usage_month,
        sum(usage_daily.event_count) as event_count
    from months
    left join whole
        on
            months.account_id = whole.account_id
            and months.meter_code = whole.meter_code
            and months.usage_month = whole.usage_month
    inner join usage_daily
        on
            months.account_id = usage_daily.account_id
            and months.meter_code = usage_daily.meter_code
            and months.first_on <= usage_daily.usage_on
            and months.last_on >= usage_daily.usage_on
    where
        whole.account_id is null
        and exists (
            select 1
            from contracts
            where
                contracts.account_id = usage_daily.account_id
                and contracts.meter_code = usage_daily.meter_code
                and usage_daily.usage_on >= contracts.from_on
                and (usage_daily.usage_on <= contracts.until_on or contracts.until_on is null)
        )
    group by months.account_id, months.meter_code, months.usage_month
),

final as (
    select
        months.account_id,
        months.meter_code,
        months.usage_month,
        months.account_status,
        months.first_on,
        months.last_on,
        cast(months.event_count as bigint) as event_count,
        cast(
            case
                when whole.account_id is not null then months.event_count
                else coalesce(covered_days.event_count, 0)
            end as bigint
        ) as covered_count,
        coalesce(contracted.contract_count, 0) as contract_count
    from months
    left join contracted on months.account_id = contracted.account_id and months.meter_code = contracted.meter_code
    left join whole
        on
            months.account_id = whole.account_id
            and months.meter_code = whole.meter_code
            and months.usage_month = whole.usage_month
    left join covered_days
        on
            months.account_id = covered_days.account_id
            and months.meter_code = covered_days.meter_code
            and months.usage_month = covered_days.usage_month
)

select * from final
