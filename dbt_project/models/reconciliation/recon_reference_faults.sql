{#- Where intervals of one key must not overlap: object, staging model, key. -#}
{%- set intervals = [
    ('tax/rates', 'stg_tax__rates', "records.jurisdiction || '|' || records.product_tax_code"),
    ('tax/exemptions', 'stg_tax__exemptions', "records.customer || '|' || records.jurisdiction"),
    ('catalog/plans', 'stg_catalog__plans', 'records.plan_code'),
    ('catalog/policies', 'stg_catalog__policies', 'records.policy'),
] -%}

with

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

prices as (
    select * from {{ ref('stg_catalog__prices') }}
    where not is_deleted
),

plans as (
    select distinct plan_code from {{ ref('stg_catalog__plans') }}
    where not is_deleted
),

meters as (
    select meter_code from {{ ref('stg_catalog__meters') }}
    where not is_deleted
),

policies as (
    select * from {{ ref('stg_catalog__policies') }}
    where not is_deleted
),

currencies as (
    select * from {{ ref('currencies') }}
),

exemptions as (
    select * from {{ ref('stg_tax__exemptions') }}
    where not is_deleted
),

accounts as (
    select * from {{ ref('stg_control_plane__accounts') }}
    where not is_deleted
),

dated as (
    {% for object, model, key in intervals -%}
    select
        '{{ object }}' as object,
        {{ key }} as record_key,
        records.valid_from,
        records.valid_to,
        records.load_id,
        records.line_no
    from {{ ref(model) }} as records
    where not records.is_deleted
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- An interval without an end ends where the next one begins; one that says its end must keep to it.
ordered as (
    select
        dated.*,
        max(valid_to) over (
            partition by object, record_key
            order by valid_from, load_id, line_no
            rows between unbounded preceding and 1 preceding
        ) as taken_until
    from dated
),

overlapping as (
    select
        object,
        'overlap' as fault,
        record_key,
        valid_from,
        valid_to,
        load_id,
        line_no,
        'it begins before an interval of the same key ends (' || {{ date_text('taken_until') }}
        || '); end that one, or begin later' as remedy
    from ordered
    where valid_from < taken_until
),

priced as (
    select
        prices.*,
        case
            when prices.meter_code is not null and meters.meter_code is null then 'unknown_meter'
            when prices.plan_code is not null and plans.plan_code is null then 'unknown_plan'
            when currencies.currency is null then 'unknown_currency'
        end as fault
    from prices
    left join meters on prices.meter_code = meters.meter_code
    left join plans on prices.plan_code = plans.plan_code
    left join currencies on prices.currency = currencies.currency
),

pricing as (
    select
        'catalog/prices' as object,
        fault,
        price_code as record_key,
        valid_from,
        valid_to,
        load_id,
        line_no,
        case fault
            when 'unknown_meter' then 'no meter ' || meter_code || ' in catalog/meters; add it, or correct meter_code'
            when 'unknown_plan' then 'no plan ' || plan_code || ' in catalog/plans; add it, or correct plan_code'
            else 'no currency ' || coalesce(currency, '(none)') || ' in ISO 4217; correct it'
        end as remedy
    from priced
    where fault is not null
),

stated as (
    select
        policies.*,
        case
            when policies.policy = 'fx_max_age_days' and {{ to_bigint('policies.value') }} is null
                then 'write a whole number of days'
            when policies.policy = 'reporting_currency' and currencies.currency is null
                then 'write a currency of ISO 4217, such as usd'
            when
                (policies.policy = 'bank_statement_numbers' or policies.policy like 'bank_statement_numbers:%')
                and policies.value not in ('every_statement', 'not_counted')
                then 'write every_statement or not_counted'
            when policies.policy = 'revenue_granularity' and policies.value not in {{ granularities() }}
                then 'write daily, instant, monthly_even or monthly_even_ends_prorated'
            when
                policies.policy = 'revenue_leftover_units'
                and policies.value not in ('largest_remainder', 'last_month')
                then 'write largest_remainder or last_month'
            when policies.policy = 'receivables_remeasurement' and policies.value not in ('month_end', 'none')
                then 'write month_end or none'
            when policies.policy = 'late_billing' and policies.value not in ('catch_up', 'accrue_unbilled')
                then 'write catch_up or accrue_unbilled'
            when policies.policy = 'dispute_won' and policies.value not in ('recoverables', 'reinstate')
                then 'write recoverables or reinstate'
        end as remedy
    from policies
    left join currencies on lower(policies.value) = currencies.currency
),

policy_values as (
    select
        'catalog/policies' as object,
        'bad_value' as fault,
        policy || '|' || {{ date_text('valid_from') }} as record_key,
        valid_from,
        valid_to,
        load_id,
        line_no,
        value || ' is no value of ' || policy || '; ' || remedy as remedy
    from stated
    where remedy is not null
),

exempted as (
    select
        'tax/exemptions' as object,
        'unknown_customer' as fault,
        exemptions.customer || '|' || exemptions.jurisdiction as record_key,
        exemptions.valid_from,
        exemptions.valid_to,
        exemptions.load_id,
        exemptions.line_no,
        'no account ' || exemptions.customer || ' in control_plane/accounts; correct the customer' as remedy
    from exemptions
    left join accounts on exemptions.customer = accounts.account_id
    where accounts.account_id is null
),

faults as (
    select * from overlapping
    union all
    select * from pricing
    union all
    select * from policy_values
    union all
    select * from exempted
),

final as (
    select
        faults.object,
        faults.fault,
        faults.record_key,
        faults.valid_from,
        faults.valid_to,
        {{ file_line('loads', 'faults.line_no') }} as file_line,
        faults.remedy
    from faults
    left join loads on faults.load_id = loads.load_id
)

select * from final
