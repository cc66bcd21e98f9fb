{#- The generic tests of the project. Each returns the rows that break the rule. -#}

{#- The columns together are never null and never repeated: one query for what `not_null` and `unique` ask. -#}
{% test primary_key(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1 {% for column in columns %} or {{ column }} is null{% endfor %}
{% endtest %}


{#- The columns together are never repeated (nulls count as equal). -#}
{% test unique_combination(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}


{#- min_value <= column <= max_value where the column is not null; either bound may be left out. -#}
{% test accepted_range(model, column_name, min_value=none, max_value=none) %}
select {{ column_name }} as out_of_range
from {{ model }}
where
    false
    {%- if min_value is not none %}
    or {{ column_name }} < {{ min_value }}
    {%- endif %}
    {%- if max_value is not none %}
    or {{ column_name }} > {{ max_value }}
    {%- endif %}
{% endtest %}


{#- The expression holds for every row (null counts as broken). -#}
{% test expression_is_true(model, expression) %}
select *
from {{ model }}
where ({{ expression }}) is not true
{% endtest %}


{#-
    No sum crosses currencies: rows that agree on the grain (the columns a reader would group by) agree on the currency too.
    Leave `currency` out of the grain only where something else in it decides the currency.
-#}
{% test no_mixed_currency_sum(model, grain, currency='currency') %}
select
    {{ grain | join(', ') }},
    count(distinct {{ currency }}) as currencies
from {{ model }}
group by {{ grain | join(', ') }}
having count(distinct {{ currency }}) > 1 or bool_or({{ currency }} is null) or bool_or({{ currency }} <> lower({{ currency }}))
{% endtest %}


{#-
    Every value present in the payload can be read as its kind. `fields` maps a path ('amount', 'period.start') to a kind of
    cast_pattern(). Rows: the load and line of each value that staging shows as null.
-#}
{% test castable(model, fields) %}
{%- for path, kind in fields.items() %}
{%- set value = json_text('payload', *path.split('.')) %}
select
    load_id,
    line_no,
    '{{ path }}' as field,
    {{ value }} as raw_value
from {{ model }}
where {{ value }} is not null and {{ value }} <> '' and not {{ is_castable(value, kind) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
{% endtest %}
