{#-
    What the conformance models share. They are part of the project only when TIEOUT_CONFORMANCE is `yes`, as
    `tieout conformance` sets it: a scratch schema, worked cases in, the outputs of the same macros that production uses.
-#}

{#-
    After a model of an operation: its outputs beside those of the other operations. On another engine than Postgres the model is a
    view, and its outputs are asked for part by part: a number that does not fit there stops a statement.
-#}
{% macro keep_conformance_outputs(relation) -%}
    {%- if target.type == 'postgres' -%}
    insert into {{ source('conformance', 'outputs') }} (case_id, outputs) select case_id, outputs from {{ relation }}
    {%- endif -%}
{%- endmacro %}

{#- Operation of a model: conformance_rating__line_sum computes the cases of line_sum. -#}
{% macro conformance_cases() -%}
    {%- set name = model.name if model is defined else 'linted__operation' -%}
    (select * from {{ source('conformance', 'cases') }} where op = '{{ name.split("__", 1)[1] }}')
{%- endmacro %}

{#-
    Every leaf of a JSON object, a row each: case_id, output (the key at the top), path (keys and positions from 0, with
    dots), leaf (text; null for JSON null). Arrays and objects also give a row `<path>.#` with the number of their members,
    so that a member too many is a difference; `is_inner_count` tells the counts of objects inside an output, which matter
    only where outputs are compared whole.
-#}
{% macro json_leaves(relation, document) -%}
    (
        with recursive nodes as (
            select documents.case_id, members.key as output, members.key as path, members.value as node
            from {{ relation }} as documents
            cross join lateral jsonb_each(documents.{{ document }}) as members
            union all
            select nodes.case_id, nodes.output, nodes.path || '.' || children.name, children.node
            from nodes
            cross join lateral (
                select members.key, members.value
                from jsonb_each(case when jsonb_typeof(nodes.node) = 'object' then nodes.node else '{}' end) as members
                union all
                select cast(elements.position - 1 as text), elements.element
                from {{ json_array_elements('nodes.node', 'elements') }}
            ) as children (name, node)
        )

        select case_id, output, path, node #>> '{}' as leaf, false as is_inner_count
        from nodes
        where jsonb_typeof(node) not in ('array', 'object')
        union all
        select case_id, output, path || '.#', cast(jsonb_array_length(node) as text), false
        from nodes
        where jsonb_typeof(node) = 'array'
        union all
        select case_id, output, path || '.#', cast((select count(*) from jsonb_object_keys(node)) as text), path <> output
        from nodes
        where jsonb_typeof(node) = 'object'
    )
{%- endmacro %}

{#- Whether a text is an exact number: a decimal, or a fraction such as 14/31. -#}
{% macro is_exact_number(leaf) -%}
    coalesce({{ leaf }} ~ '^-?[0-9]+([.][0-9]+)?(/[0-9]+([.][0-9]+)?)?$', false)
{%- endmacro %}

{#-
    Movements of the cases of revenue: relation or CTE with case_id, month_on (date), account and amount (debit positive) gives
    one row a case with `movements`, a JSON object month -> account -> amount. What is zero is left out.
-#}
{% macro conformance_movements(postings) -%}
    select
        run_id as case_id,
        movements
    from (
        {{ case_movements(
            '(select case_id as run_id, ' ~ month_text('month_on') ~ ' as month, account, amount from '
            ~ postings ~ ' as postings)'
        ) }}
    ) as movements
{%- endmacro %}

{#- Length of the interval among the inputs of a case, in months and in days. -#}
{% macro case_months() -%}
    {{ months_of(json_text('inputs', 'interval', 'unit'), case_interval_count()) }}
{%- endmacro %}

{% macro case_days() -%}
    {{ days_of(json_text('inputs', 'interval', 'unit'), case_interval_count()) }}
{%- endmacro %}

{% macro case_interval_count() -%}
    coalesce(cast({{ json_text('inputs', 'interval', 'count') }} as integer), 1)
{%- endmacro %}

{#- A query for the most coupons of a case, as `take_coupons` asks for it; `more` are taken besides. -#}
{% macro most_case_coupons(more=0) -%}
    select max(counted.coupon_count) + {{ more }}
    from (
        select count(*) as coupon_count
        from {{ conformance_cases() }} as cases
        cross join {{ json_array_elements(json_node('cases.inputs', 'coupons'), 'given') }}
        group by cases.case_id
    ) as counted
{%- endmacro %}

{#- The rounding among the inputs of a case: digits and mode, for round_as and round_ratio_as. -#}
{% macro case_digits(name='round') -%}
    coalesce(cast({{ json_text('inputs', name, 'digits') }} as integer), 0)
{%- endmacro %}

{% macro case_mode(name='round') -%}
    {{ json_text('inputs', name, 'mode') }}
{%- endmacro %}
