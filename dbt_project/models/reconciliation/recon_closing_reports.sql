{{ config(materialized='view') }}
{%- set reports = {
    'obligations': [
        'currency', 'deferred_minor', 'unbilled_minor', 'total_minor', 'within_12_months_minor',
        'after_12_months_minor',
    ],
    'waterfall': ['currency', 'account', 'billed_in', 'month_on', 'status', 'revenue_minor'],
    'receivables': [
        'customer_id', 'customer_name', 'currency', 'functional_currency', 'bucket', 'bucket_name', 'open_minor',
        'functional_open_minor', 'invoice_count',
    ],
    'recurring': [
        'currency', 'opening_minor', 'new_minor', 'expansion_minor', 'contraction_minor', 'churn_minor',
        'reactivation_minor', 'closing_minor', 'customer_count',
    ],
    'tax': ['country', 'currency', 'rule', 'base_minor', 'tax_minor', 'entry_count'],
    'controls': [
        'control_id', 'name', 'comparison', 'currency', 'left_minor', 'right_minor', 'breaks_minor', 'expected_minor',
        'rounding_minor', 'residue_minor', 'matched_count', 'expected_count', 'rounding_count', 'break_count',
    ],
    'open_breaks': [
        'control_id', 'name', 'currency', 'break_count', 'amount_minor', 'gross_minor', 'oldest_on',
    ],
    'accounts': ['account', 'gl_account', 'gl_name', 'is_net_revenue'],
    'gates': ['gate', 'question'],
    'policies': ['policy', 'value', 'valid_from', 'valid_to'],
} %}

with

{% for report in reports -%}
{{ report }} as (
    select * from {{ ref('recon_closing__' ~ report) }}
),

{% endfor -%}
final as (
    {%- for report, columns in reports.items() %}
    {%- set fields = {} %}
    {%- for column in columns %}{% do fields.update({column: report ~ '.' ~ column}) %}{% endfor %}
    select
        entity,
        period,
        '{{ report }}' as report,
        {{ json_object_text(fields) }} as content
    from {{ report }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from final
