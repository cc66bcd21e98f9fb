{{ config(materialized='view') }}

with

{% for comparison in comparisons() %}
{% for side in ['left', 'right'] %}
{{ comparison[side] }} as (
    select
        '{{ comparison.control_id }}' as control_id,
        '{{ comparison.name }}' as comparison,
        '{{ side }}' as side,
        {{ side_key('tracking_key', 'row_id', side) }} as tracking_key,
        row_id,
        coalesce(currency, 'xxx') as currency,
        amount_minor,
        quantity,
        business_on
    from {{ ref(comparison[side]) }}
),
{% endfor %}
{% endfor %}

final as (
    {% for comparison in comparisons() %}
    select * from {{ comparison.left }}
    union all
    select * from {{ comparison.right }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
