with

plans as (
    select * from {{ latest_version(source('catalog', 'plans')) }} as latest
),

final as (
    select
        {{ json_text('plans.payload', 'plan_code') }} as plan_code,
        {{ json_text('features.element', 'feature_code') }} as feature_code,
        {{ to_numeric(json_text('features.element', 'quantity')) }} as quantity,
        plans.is_deleted,
        plans.load_id,
        plans.line_no,
        plans.delivered_on
    from plans
    cross join {{ json_array_elements(json_node('plans.payload', 'features'), 'features') }}
)

select * from final
