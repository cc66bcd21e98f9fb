{#- How many days after its own a rate may be used: the value of the policy `fx_max_age_days` (text), 7 without one. -#}
{% macro fx_max_age_days(policy_value) -%}
    coalesce({{ to_bigint(policy_value) }}, 7)
{%- endmacro %}
