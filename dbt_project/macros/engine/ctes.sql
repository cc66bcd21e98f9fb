{#-
    Stands between `as` and the bracket of a CTE that is to be computed once: `with anchored as {{ once() }} (...)`.
    Postgres else copies its expressions into every place that reads them, and copies of copies grow without bound.
-#}
{% macro once() -%}
    {{ return(adapter.dispatch('once', 'tieout')()) }}
{%- endmacro %}

{% macro default__once() -%}
    materialized
{%- endmacro %}
