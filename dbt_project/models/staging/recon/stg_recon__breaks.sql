with

breaks as (
    select * from {{ source('recon', 'breaks') }}
),

final as (
    select
        break_id,
        control_id,
        comparison,
        class_family,
        tracking_key,
        version,
        signature,
        status,
        resolution,
        break_class,
        severity,
        cause,
        owner,
        assignee,
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
        explained_by,
        first_seen as first_seen_on,
        opened_on,
        reopened_count,
        resolved_run_no
    from breaks
)

select * from final
