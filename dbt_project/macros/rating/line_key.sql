{#- The name of an expected or invoiced line, the same on both sides: item, kind and period. -#}

{% macro line_key(lines, format_instant) -%}
    {#- `format_instant` is a macro: utc_date_text for the key that is compared, instant_text for the unique one. -#}
    (
        {{ lines }}.subscription_item_id
        || '|' || {{ lines }}.line_kind
        || '|' || {{ format_instant(lines ~ '.period_start') }}
        || '|' || {{ format_instant(lines ~ '.period_end') }}
    )
{%- endmacro %}

{% macro utc_date_text(instant) -%}
    {{ date_text(utc_date(instant)) }}
{%- endmacro %}
