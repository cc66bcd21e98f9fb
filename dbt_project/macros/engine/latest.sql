{#-
    The first row of each key in an order, as a parenthesised subquery to stand in a `from`. `order_by` are complete terms
    ('delivered_on desc nulls last') over the columns of the relation.
-#}
{% macro first_of_each(relation, key, order_by, condition='') -%}
    {{ return(adapter.dispatch('first_of_each', 'tieout')(relation, key, order_by, condition)) }}
{%- endmacro %}

{% macro default__first_of_each(relation, key, order_by, condition) -%}
(
        select ranked.*
        from (
            select
                records.*,
                row_number() over (partition by records.{{ key }} order by {{ order_by | join(', ') }}) as rank_in_key
            from {{ relation }} as records
            {{ condition }}
        ) as ranked
        where ranked.rank_in_key = 1
    )
{%- endmacro %}

{#- Postgres knows how many rows a `distinct on` leaves and that its key is unique. After a row number it guesses one row in
    two hundred, and joins of two such relations become nested loops: quadratic in the records. -#}
{% macro postgres__first_of_each(relation, key, order_by, condition) -%}
(
        select distinct on (records.{{ key }}) records.*
        from {{ relation }} as records
        {{ condition }}
        order by records.{{ key }} asc, {{ order_by | join(', ') }}
    )
{%- endmacro %}
