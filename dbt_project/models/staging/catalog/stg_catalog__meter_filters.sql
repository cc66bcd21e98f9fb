with

meters as (
    select * from {{ latest_version(source('catalog', 'meters')) }} as latest
),

final as (
    select
        meters.record_id as meter_code,
        {{ json_text('filters.element', 'field') }} as filter_field,
        {{ json_text('allowed.element') }} as allowed_value,
        meters.is_deleted,
        meters.load_id,
        meters.line_no,
        meters.delivered_on
    from meters
    cross join {{ json_array_elements(json_node('meters.payload', 'filters'), 'filters') }}
    cross join {{ json_array_elements(json_node('filters.element', 'values'), 'allowed') }}
)

select * from final
