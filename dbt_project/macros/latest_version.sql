{#-
    The latest version of each record of a raw document table, as a parenthesised subquery to stand in a `from`.
    One row a record_id. Deleted records stay, with is_deleted. With the variable `as_of` only what was known by then counts.
    The order never asks for load_seq or known_at: the same files loaded in another order show the same version.
-#}
{% macro latest_version(relation, key='record_id') -%}
    {{ first_of_each(
        relation,
        key,
        [
            'records.source_updated_at desc nulls last',
            'records.delivered_on desc',
            'records.line_no desc',
            'records.load_id desc',
        ],
        known_by_as_of('records.known_at', 'where'),
    ) }}
{%- endmacro %}


{#- `where <column> <= as_of`, or nothing when no as_of is set. -#}
{% macro known_by_as_of(column, keyword='and') -%}
    {%- if var('as_of', none) is not none -%}
        {{ keyword }} {{ column }} <= {{ timestamp_literal(var('as_of')) }}
    {%- endif -%}
{%- endmacro %}
