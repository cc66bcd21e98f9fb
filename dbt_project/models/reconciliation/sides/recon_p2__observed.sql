{%- set compared = comparisons() | rejectattr('control_id', 'equalto', 'P2') | list -%}

with

states as (
    select * from {{ ref('recon_control_states') }}
    where state = 'ran' and control_id <> 'P2'
),

objects as (
    select distinct control_id from {{ ref('recon_control_objects') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

{% for comparison in compared -%}
{{ comparison.name }} as (
    select
        '{{ comparison.control_id }}' as control_id,
        {{ 1 if comparison.left == comparison.right else 0 }} as self_count,
        sum(case when tracking_key = '{{ canary_key() }}' and status = 'open' then 1 else 0 end) as canary_count,
        sum(case when tracking_key <> '{{ canary_key() }}' then left_row_count + right_row_count else 0 end)
            as row_count
    from {{ ref(control_model(comparison)) }}
),

{% endfor -%}

observed as (
    {% for comparison in compared -%}
    select * from {{ comparison.name }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

by_control as (
    select
        control_id,
        sum(self_count) as self_count,
        sum(canary_count) as canary_count,
        sum(row_count) as row_count
    from observed
    group by control_id
),

-- A canary that is found is the proof that a comparison ran; one that is not counts as a comparison that did not.
final as (
    select
        by_control.control_id as tracking_key,
        by_control.control_id as row_id,
        cast(null as text) as account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(by_control.canary_count as numeric) as quantity,
        {{ month_start(add_days('clock.as_of_on', -1)) }} as business_on,
        cast('1899-01-02' as date) as due_on,
        'control ' || by_control.control_id || ', inputs through ' || {{ date_text('states.watermark_on') }} as evidence,
        by_control.self_count,
        case when objects.control_id is not null and by_control.row_count = 0 then 1 else 0 end as empty_count,
        case
            when {{ add_business_days('states.watermark_on', 3) }} < {{ add_days('clock.as_of_on', -1) }} then 1
            else 0
        end as stale_count
    from by_control
    inner join states on by_control.control_id = states.control_id
    cross join clock
    left join objects on by_control.control_id = objects.control_id
    where by_control.canary_count > 0
)

select * from final
