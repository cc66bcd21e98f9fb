{{ config(materialized='view') }}

with

summaries as (
    select * from {{ ref('stg_stripe__meter_event_summaries') }}
    where not is_deleted
),

meters as (
    select * from {{ ref('stg_catalog__meters') }}
    where not is_deleted and stripe_meter_id is not null
),

accounts as (
    select * from {{ ref('int_customers__crosswalk') }}
    where stripe_customer_id is not null
),

final as (
    select
        'stripe' as meter_system,
        summaries.meter_event_summary_id as reading_id,
        accounts.account_id,
        summaries.customer_id as external_customer_id,
        coalesce(meters.meter_code, summaries.meter_id) as meter_code,
        {{ utc_date('summaries.start_at') }} as day_on,
        summaries.aggregated_value as quantity,
        summaries.load_id,
        summaries.line_no
    from summaries
    left join meters on summaries.meter_id = meters.stripe_meter_id
    left join accounts on summaries.customer_id = accounts.stripe_customer_id
)

select * from final
