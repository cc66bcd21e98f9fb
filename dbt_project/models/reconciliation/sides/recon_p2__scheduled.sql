{%- set compared = comparisons() | rejectattr('control_id', 'equalto', 'P2') | list -%}

with

states as (
    select * from {{ ref('recon_control_states') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

-- What a control consists of is known without running it; a control without a comparison has one that cannot run.
planned as (
    {%- for control_id in compared | map(attribute='control_id') | unique %}
    select
        '{{ control_id }}' as control_id,
        {{ compared | selectattr('control_id', 'equalto', control_id) | list | length }} as comparison_count
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        states.control_id as tracking_key,
        states.control_id as row_id,
        cast(null as text) as account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(coalesce(planned.comparison_count, 1) as numeric) as quantity,
        {{ month_start(add_days('clock.as_of_on', -1)) }} as business_on,
        cast('1899-01-02' as date) as due_on,
        'registry of controls: ' || states.control_id as evidence,
        0 as self_count,
        0 as empty_count,
        0 as stale_count
    from states
    cross join clock
    left join planned on states.control_id = planned.control_id
    where states.control_id <> 'P2' and states.state <> 'not in use'
)

select * from final
