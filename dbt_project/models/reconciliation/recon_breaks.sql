{{ config(indexes=[{'columns': ['break_id'], 'unique': true}]) }}

with

results as (
    select * from {{ ref('recon_results') }}
    where status in ('open', 'expected')
),

totals as (
    select * from {{ ref('recon_control_totals') }}
    where residue_minor <> 0
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

-- What a control's populations differ by and none of its keys says: a break of its own, so that breaks add up to it.
residues as (
    select
        control_id,
        comparison,
        'residue|' || comparison || '|' || {{ month_text('period_month') }} || '|' || currency as tracking_key,
        'RESIDUE' as outcome,
        'RESIDUE' as break_class,
        'open' as status,
        cast(null as text) as account_id,
        currency,
        residue_minor as amount_minor,
        cast(null as numeric) as quantity_delta,
        {{ json_object_text({'amount_minor': 'left_minor', 'row_count': 'left_count'}) }} as left_values,
        'left side of ' || comparison as left_ids,
        left_count as left_row_count,
        {{ json_object_text({'amount_minor': 'right_minor', 'row_count': 'right_count'}) }} as right_values,
        'right side of ' || comparison as right_ids,
        right_count as right_row_count,
        period_month as business_on,
        cast(null as date) as deadline_on
    from totals
),

found as (
    select
        control_id,
        comparison,
        tracking_key,
        outcome,
        break_class,
        status,
        account_id,
        currency,
        amount_minor,
        quantity_delta,
        left_values,
        left_ids,
        left_row_count,
        right_values,
        right_ids,
        right_row_count,
        business_on,
        deadline_on
    from results
    union all
    select * from residues
),

classified as (
    select
        found.*,
        coalesce(found.break_class, found.outcome) as final_class,
        coalesce(classes.class_family, lower(found.outcome)) as class_family,
        coalesce(
            causes.cause,
            classes.cause,
            case
                when found.break_class = 'RESIDUE' then 'CONTROL.rule_gap'
                else 'CONTROL.key_wrong'
            end
        ) as cause,
        controls.owner,
        -- A line on the invoice of another customer tells him what he should not know, whatever it is worth.
        -- A difference that no key explains is a control that cannot be relied on.
        case
            when found.break_class in ('WRONG_CUSTOMER', 'RESIDUE') then 'S1'
            else controls.severity_base
        end as severity_base,
        coalesce(
            (controls.over_billing_side = 'right' and found.amount_minor < 0)
            or (controls.over_billing_side = 'left' and found.amount_minor > 0),
            false
        ) as is_over_billing,
        billings.billed_minor,
        causes.explained_by,
        causes.explained_minor,
        clock.as_of_at
    from found
    cross join clock
    inner join controls on found.control_id = controls.control_id
    left join classes on found.control_id = classes.control_id and found.break_class = classes.break_class
    left join causes
        on
            found.control_id = causes.control_id
            and found.comparison = causes.comparison
            and found.tracking_key = causes.tracking_key
    left join billings
        on found.currency = billings.currency and {{ month_start('found.business_on') }} = billings.period_month
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
