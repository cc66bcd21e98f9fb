{#- A producer's window of one UTC day. -#}
{% macro usage_window_key(source, window_on) -%}
    {{ source }} || '|' || {{ date_text(window_on) }} || 'T00:00:00Z'
{%- endmacro %}


{#- A delivered file. -#}
{% macro load_key(loads) -%}
    {{ loads }}.system || '|' || {{ loads }}.object || '|' || {{ date_text(loads ~ '.delivered_on') }} || '|' || {{ loads }}.file_name
{%- endmacro %}


{#- Which lines of an item may stand for each other when a period is printed otherwise: a stub is a charge like a whole period. -#}
{% macro kind_of_period(line_kind) -%}
    case when {{ line_kind }} in ('recurring', 'proration_charge') then 'charge' else {{ line_kind }} end
{%- endmacro %}
