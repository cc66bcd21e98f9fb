{{ config(materialized='view') }}

with

breaks as (
    select * from {{ ref('stg_recon__breaks') }}
),

coverage as (
    select * from {{ ref('recon_break_coverage') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

covered as (
    select
        breaks.*,
        coalesce(coverage.explained_minor, 0) as covered_minor,
        coverage.explanation_count is not null as is_explained,
        coverage.cause as explained_cause,
        coverage.expires_on,
        clock.as_of_on
    from breaks
    cross join clock
    left join coverage on breaks.break_id = coverage.break_id and breaks.version = coverage.version
),

aged as (
    select
        covered.*,
        {{ business_days_between('business_on', add_days('as_of_on', -1)) }} as age_business_days
    from covered
),

final as (
    select
        break_id,
        control_id,
        comparison,
        break_class,
        class_family,
        tracking_key,
        status,
        resolution,
        version,
        signature,
        severity,
        coalesce(explained_cause, cause) as cause,
        owner,
        assignee,
        account_id,
        currency,
        amount_minor,
        case when amount_minor is not null then covered_minor end as explained_minor,
        amount_minor - covered_minor as remaining_minor,
        resolution is null and status <> 'expected'
        and not (is_explained and (amount_minor is null or amount_minor = covered_minor)) as is_unexplained,
        expires_on,
        quantity_delta,
        left_values,
        right_values,
        left_ids,
        right_ids,
        business_on,
        deadline_on,
        explained_by,
        first_seen_on,
        opened_on,
        reopened_count,
        resolved_run_no,
        age_business_days,
        {{ ageing_bucket('age_business_days') }} as ageing_bucket
    from aged
)

select * from final
