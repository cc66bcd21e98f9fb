{{ config(materialized='view') }}

with

{% for comparison in comparisons() %}
{{ comparison.name }} as (
    select
        control_id,
        '{{ comparison.name }}' as comparison,
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
    from {{ ref(control_model(comparison)) }}
    where tracking_key <> '{{ canary_key() }}'
),
{% endfor %}

final as (
    {% for comparison in comparisons() %}
    select * from {{ comparison.name }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
