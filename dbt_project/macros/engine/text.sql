{#- md5 over columns, nulls told apart from empty text; the same on every engine. -#}
{% macro hash_key(columns) -%}
    {{ return(adapter.dispatch('hash_key', 'tieout')(columns)) }}
{%- endmacro %}

{% macro default__hash_key(columns) -%}
    md5(
        {%- for column in columns %}
        coalesce(cast({{ column }} as {{ text_type() }}), '<null>'){{ " || '|' ||" if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}


{#- Aggregate: distinct texts in order, joined with a separator. -#}
{% macro joined_text(expression, separator=', ') -%}
    {{ return(adapter.dispatch('joined_text', 'tieout')(expression, separator)) }}
{%- endmacro %}

{% macro default__joined_text(expression, separator) -%}
    string_agg(distinct cast({{ expression }} as text), '{{ separator }}' order by cast({{ expression }} as text))
{%- endmacro %}


{#- Aggregate: texts joined with a separator, in the order of another expression. -#}
{% macro joined_in_order(expression, separator, order_by) -%}
    {{ return(adapter.dispatch('joined_in_order', 'tieout')(expression, separator, order_by)) }}
{%- endmacro %}

{% macro default__joined_in_order(expression, separator, order_by) -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}


{#- The words of a text: upper case, everything but letters and digits a single blank, a blank at both ends. -#}
{% macro words_of(text) -%}
    {{ return(adapter.dispatch('words_of', 'tieout')(text)) }}
{%- endmacro %}

{% macro default__words_of(text) -%}
    (' ' || btrim(regexp_replace(upper({{ text }}), '[^[:alnum:]]+', ' ', 'g')) || ' ')
{%- endmacro %}


{#- A text that sorts by its bytes, whatever the language of the database. -#}
{% macro in_byte_order(text) -%}
    {{ return(adapter.dispatch('in_byte_order', 'tieout')(text)) }}
{%- endmacro %}

{#- Other engines compare texts by their bytes. -#}
{% macro default__in_byte_order(text) -%}
    {{ text }}
{%- endmacro %}

{% macro postgres__in_byte_order(text) -%}
    ({{ text }}) collate "C"
{%- endmacro %}
