{#- Conventions as a break names them. -#}

{% macro setting_text(convention, setting) -%}
    {#- 'tax_rounding', 'per_line' -> 'tax rounding per line'. -#}
    replace({{ convention }} || ' ' || {{ setting }}, '_', ' ')
{%- endmacro %}

{% macro convention_rank(convention) -%}
    {#- Of several settings that explain one break, the one that systems differ in most often is named. -#}
    case {{ convention }}
        when 'tax_rounding' then 1
        when 'proration_unit' then 2
        when 'discount_order' then 3
        when 'percent_rounding' then 4
        when 'discount_allocation' then 5
        else 6
    end
{%- endmacro %}
