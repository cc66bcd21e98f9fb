{#- A producer's window of one UTC day. -#}
{% macro usage_window_key(source, window_on) -%}
    {{ source }} || '|' || {{ date_text(window_on) }} || 'T00:00:00Z'
{%- endmacro %}


{#- A delivered file. -#}
{% macro load_key(loads) -%}
    {{ loads }}.system || '|' || {{ loads }}.object || '|' || {{ date_text(loads ~ '.delivered_on') }} || '|' || {{ loads }}.file_name
{%- endmacro %}
