{#- What an invoice number is without the digits at its end: the series that it counts in. Null for a number without such digits. -#}
{% macro number_series(invoice_number) -%}
    {{ return(adapter.dispatch('number_series', 'tieout')(invoice_number)) }}
{%- endmacro %}

{% macro default__number_series(invoice_number) -%}
    case when {{ invoice_number }} ~ '[0-9]$' then regexp_replace({{ invoice_number }}, '[0-9]{1,18}$', '') end
{%- endmacro %}
