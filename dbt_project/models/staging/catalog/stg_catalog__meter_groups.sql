with

meters as (
    select * from {{ latest_version(source('catalog', 'meters')) }} as latest
),

final as (
    select
        meters.record_id as meter_code,
        groups.position as group_no,
        {{ json_text('groups.element') }} as group_field,
        meters.is_deleted,
        meters.load_id,
        meters.line_no,
        meters.delivered_on
    from meters
    cross join {{ json_array_elements(json_node('meters.payload', 'group_by'), 'groups') }}
)

select * from final
