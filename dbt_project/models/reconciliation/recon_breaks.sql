{{ config(indexes=[{'columns': ['break_id'], 'unique': true}]) }}

with

results as (
    select * from {{ ref('recon_results') }}
    where status in ('open', 'expected')
),

controls as (
    select * from {{ ref('recon_controls') }}
),

classes as (
    select * from {{ ref('recon_break_classes') }}
),

billings as (
    select * from {{ ref('recon_monthly_billings') }}
),

causes as (
    select * from {{ ref('recon_break_causes') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

classified as (
    select
        results.*,
        coalesce(results.break_class, results.outcome) as final_class,
        coalesce(classes.class_family, lower(results.outcome)) as class_family,
        coalesce(causes.cause, classes.cause, 'CONTROL.key_wrong') as cause,
        controls.owner,
        -- A line on the invoice of another customer tells him what he should not know, whatever it is worth.
        case when results.break_class = 'WRONG_CUSTOMER' then 'S1' else controls.severity_base end as severity_base,
        coalesce(
            (controls.over_billing_side = 'right' and results.amount_minor < 0)
            or (controls.over_billing_side = 'left' and results.amount_minor > 0),
            false
        ) as is_over_billing,
        billings.billed_minor,
        causes.explained_by,
        causes.explained_minor,
        clock.as_of_at
    from results
    cross join clock
    inner join controls on results.control_id = controls.control_id
    left join classes on results.control_id = classes.control_id and results.break_class = classes.break_class
    left join causes
        on
            results.control_id = causes.control_id
            and results.comparison = causes.comparison
            and results.tracking_key = causes.tracking_key
    left join billings
        on results.currency = billings.currency and {{ month_start('results.business_on') }} = billings.period_month
),

final as (
    select
        {{ hash_key(['control_id', 'class_family', 'tracking_key']) }} as break_id,
        control_id,
        comparison,
        final_class as break_class,
        class_family,
        status,
        tracking_key,
        account_id,
        currency,
        amount_minor,
        quantity_delta,
        left_values,
        right_values,
        left_ids,
        right_ids,
        business_on,
        deadline_on,
        {{ hash_key(['left_values', 'right_values', 'currency', 'amount_minor', 'quantity_delta']) }} as signature,
        cause,
        explained_by,
        explained_minor,
        owner,
        {{ break_severity('amount_minor', 'billed_minor', 'severity_base', 'is_over_billing') }} as severity,
        as_of_at
    from classified
)

select * from final
