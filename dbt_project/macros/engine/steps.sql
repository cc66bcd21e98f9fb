{#-
    The common table expression `name`: the rows of `first`, and of one step after another, each a select (`next`) that reads the rows
    of the step before under the same name. It ends with the step that gives no row. The query starts `with recursive`.

    `count` is a query whose one number is how many steps there are at most, for engines that admit no window functions in a
    recursion (Spark): there every step is written out.
-#}
{% macro steps(name, first, next, count) -%}
    {{ return(adapter.dispatch('steps', 'tieout')(name, first, next, count)) }}
{%- endmacro %}

{% macro default__steps(name, first, next, count) -%}
    {{ name }} as (
        {{ first }}

        union all

        {{ next }}
    )
{%- endmacro %}
