{#-
    The one comparison of two populations. Every control calls it; none compares by itself.

    left, right: relations (or names of CTEs) with the columns of a side:
        tracking_key text      what both sides are compared by; null is raised, never dropped
        row_id text            the record, not null
        account_id text
        currency text          lower-case ISO 4217; null where the control counts things only
        amount_minor bigint    null where the control counts things only
        quantity numeric       null where the control compares money only
        business_on date       the business date the row belongs to
        due_on date            from this date on the counterpart is due
        evidence text          what an auditor opens: record id and, where it is known, file:line
    carry:  further columns of both sides, shown in the break (the smallest value of the key)
    totals: further numeric columns of both sides, summed by key
    max_left, max_right: how many rows a key may have (a number or an expression over the row counts); none = any number
    in_parts: the right side may arrive in parts; until the deadline a part of it is in time

    Gives one row a tracking key (grain: control_id x tracking_key) with left_* and right_* of every column above, and
    `outcome`, the first of:
        NULL_KEY, DUPLICATE, TIMING_RIGHT, TIMING_LEFT (the counterpart is not due yet), MISSING_RIGHT, MISSING_LEFT,
        CURRENCY, QUANTITY, AMOUNT, ROUNDING (within the tolerance: counted and summed, not raised), CUTOFF, MATCHED.
    Tolerances, the allowed business days and whether the months must agree stand in the registry (recon_controls).
    `deadline_on` is the last day on which the counterpart may arrive, `is_due` whether the watermark has passed it.

    One row more is the canary: a difference that is on both sides of every comparison and must be found in each
    (recon_p2__observed). It is a row of the control's model and nowhere else (recon_results leaves it out).
-#}
{% macro compare(control_id, left, right, carry=[], totals=[], max_left=1, max_right=1, in_parts=false) -%}
    {%- set of_every_side = [
        'row_count', 'has_currencies', 'account_id', 'currency', 'amount_minor', 'quantity', 'business_on', 'due_on', 'ids',
    ] -%}
    with

    parameters as (
        select
            controls.amount_tolerance_minor,
            controls.quantity_tolerance,
            controls.sla_business_days,
            controls.compares_months,
            watermarks.watermark_on
        from {{ ref('recon_controls') }} as controls
        inner join {{ ref('recon_watermarks') }} as watermarks on controls.control_id = watermarks.control_id
        where controls.control_id = '{{ control_id }}'
    ),

    left_keys as (
        {{ side_by_key(left, 'left', carry, totals) }}
    ),

    right_keys as (
        {{ side_by_key(right, 'right', carry, totals) }}
    ),

    -- The canary comes after the join of the rows: before it, both sides would have to be sorted again.
    joined as (
        select
            coalesce(left_keys.side_key, right_keys.side_key) as tracking_key,
            coalesce(left_keys.has_key, right_keys.has_key) as has_key,
            {%- for side in ['left', 'right'] %}
            {%- for column in of_every_side + carry + totals %}
            {{ side }}_keys.{{ column }} as {{ side }}_{{ column }},
            {%- endfor %}
            {%- endfor %}
            greatest(left_keys.due_on, right_keys.due_on) as due_on
        from left_keys
        full join right_keys on left_keys.side_key = right_keys.side_key
        union all
        {{ canary_joined(carry + totals) }}
    ),

    dated as (
        select
            joined.*,
            '{{ control_id }}' as control_id,
            {{ add_business_days('joined.due_on', parameter('sla_business_days')) }} as deadline_on
        from joined
    ),

    timed as (
        select
            dated.*,
            coalesce(deadline_on < {{ parameter('watermark_on') }}, false) as is_due
        from dated
    )

    select
        timed.*,
        case
            when not has_key then 'NULL_KEY'
            {%- if max_left is not none %}
            when left_row_count > {{ max_left }} then 'DUPLICATE'
            {%- endif %}
            {%- if max_right is not none %}
            when right_row_count > {{ max_right }} then 'DUPLICATE'
            {%- endif %}
            when right_row_count is null and not is_due then 'TIMING_RIGHT'
            when left_row_count is null and not is_due then 'TIMING_LEFT'
            when right_row_count is null then 'MISSING_RIGHT'
            when left_row_count is null then 'MISSING_LEFT'
            {%- if in_parts %}
            when not is_due and right_amount_minor < left_amount_minor and left_currency = right_currency
                then 'TIMING_RIGHT'
            {%- endif %}
            when left_has_currencies or right_has_currencies then 'CURRENCY'
            when left_currency is distinct from right_currency then 'CURRENCY'
            when (left_quantity is null) <> (right_quantity is null) then 'QUANTITY'
            when abs(left_quantity - right_quantity) > {{ parameter('quantity_tolerance') }} then 'QUANTITY'
            when (left_amount_minor is null) <> (right_amount_minor is null) then 'AMOUNT'
            when abs(left_amount_minor - right_amount_minor) > {{ parameter('amount_tolerance_minor') }} then 'AMOUNT'
            when left_amount_minor <> right_amount_minor then 'ROUNDING'
            when
                {{ parameter('compares_months') }}
                and {{ month_start('left_business_on') }} <> {{ month_start('right_business_on') }}
                then 'CUTOFF'
            else 'MATCHED'
        end as outcome
    from timed
{%- endmacro %}


{#- A parameter of the comparison: asked once, where a join would widen every row by it. -#}
{% macro parameter(name) -%}
    (select {{ name }} from parameters)
{%- endmacro %}


{#-
    One side summed by key, without the currency in the key: a wrong currency is one CURRENCY break, not two missing rows.
-#}
{% macro side_by_key(relation, side, carry, totals) -%}
    select
            {{ side_key('tracking_key', 'row_id', side) }} as side_key,
            count(tracking_key) > 0 as has_key,
            count(*) as row_count,
            min(currency) <> max(currency) as has_currencies,
            min(account_id) as account_id,
            min(currency) as currency,
            cast(sum(amount_minor) as bigint) as amount_minor,
            sum(quantity) as quantity,
            min(business_on) as business_on,
            max(due_on) as due_on,
            {%- for column in carry %}
            min({{ column }}) as {{ column }},
            {%- endfor %}
            {%- for column in totals %}
            sum({{ column }}) as {{ column }},
            {%- endfor %}
            {{ joined_text('evidence') }} as ids
        from {{ relation }}
        group by {{ side_key('tracking_key', 'row_id', side) }}
{%- endmacro %}


{#- The tracking key of the canary. -#}
{% macro canary_key() -%}
    canary
{%- endmacro %}


{#-
    The canary, as both sides joined have it: nothing on the left, a fortune on the right, due since long ago.
    A literal null takes the type of its column only in the union itself, hence one select.
-#}
{% macro canary_joined(further_columns) -%}
    select
            '{{ canary_key() }}' as tracking_key,
            true as has_key,
            {%- for side in ['left', 'right'] %}
            1 as {{ side }}_row_count,
            false as {{ side }}_has_currencies,
            null as {{ side }}_account_id,
            'xxx' as {{ side }}_currency,
            {{ 0 if side == 'left' else 1000000000000 }} as {{ side }}_amount_minor,
            null as {{ side }}_quantity,
            cast('1900-01-01' as date) as {{ side }}_business_on,
            cast('1900-01-01' as date) as {{ side }}_due_on,
            '{{ canary_key() }}' as {{ side }}_ids,
            {%- for column in further_columns %}
            null as {{ side }}_{{ column }},
            {%- endfor %}
            {%- endfor %}
            cast('1900-01-01' as date) as due_on
{%- endmacro %}


{#- The key of a row, or a key of its own for a row without one: it can meet nothing, and is raised as NULL_KEY. -#}
{% macro side_key(tracking_key, row_id, side) -%}
    coalesce({{ tracking_key }}, 'no key|{{ side }}|' || {{ row_id }})
{%- endmacro %}


{#-
    The last CTE of a control: the compared rows, with the column break_class that the control gave them (null = nothing
    to say), in the one shape that all controls share. Grain: control_id x tracking_key.
    status: expected (in time), rounding (within the tolerance), open (a break), matched.
    left_values, right_values: what a reader of a difference asks for, as JSON; null where the sides agree.
    amount_minor and quantity_delta are left less right, the amount in the currency that is named: the left side's, or the
    right one's where the left says none; what has rows of several currencies has no amount, since none of them is its own.
    `counted` replaces the quantity of breaks that are found in rows
    that agree.
-#}
{% macro control_rows(relation, carry=[], totals=[], counted=none) -%}
    select
        control_id,
        tracking_key,
        outcome,
        break_class,
        case
            when outcome in ('TIMING_RIGHT', 'TIMING_LEFT') then 'expected'
            when break_class is not null then 'open'
            when outcome = 'ROUNDING' then 'rounding'
            else 'matched'
        end as status,
        coalesce(left_account_id, right_account_id) as account_id,
        coalesce(left_currency, right_currency) as currency,
        case
            when left_has_currencies or right_has_currencies then null
            when
                outcome = 'DUPLICATE' and left_row_count > 0 and right_row_count > 0
                and left_currency is distinct from right_currency
                then null
            when outcome = 'CURRENCY' and left_currency is null then -right_amount_minor
            when outcome = 'CURRENCY' then left_amount_minor
            when left_amount_minor is not null or right_amount_minor is not null
                then coalesce(left_amount_minor, 0) - coalesce(right_amount_minor, 0)
        end as amount_minor,
        case
            {%- if counted is not none %}
            when outcome = 'MATCHED' and break_class is not null then {{ counted }}
            {%- endif %}
            when left_quantity is not null or right_quantity is not null
                then coalesce(left_quantity, 0) - coalesce(right_quantity, 0)
        end as quantity_delta,
        {%- for side in ['left', 'right'] %}
        {%- set fields = {} %}
        {%- for column in ['amount_minor', 'currency', 'quantity', 'business_on', 'row_count'] + carry + totals %}
        {%- do fields.update({column: side ~ '_' ~ column}) %}
        {%- endfor %}
        case
            when {{ side }}_row_count is not null and (break_class is not null or outcome <> 'MATCHED')
                then {{ json_object_text(fields) }}
        end as {{ side }}_values,
        {{ side }}_ids,
        coalesce({{ side }}_row_count, 0) as {{ side }}_row_count,
        {%- endfor %}
        coalesce(left_business_on, right_business_on) as business_on,
        deadline_on
    from {{ relation }}
{%- endmacro %}


{#- The break class of a control from the outcome: the names that the control gives, then the outcome itself. -#}
{% macro named_outcome(names={}) -%}
    case outcome
        {%- for outcome in [
            'NULL_KEY', 'DUPLICATE', 'MISSING_RIGHT', 'MISSING_LEFT', 'CURRENCY', 'QUANTITY', 'AMOUNT', 'CUTOFF',
        ] %}
        when '{{ outcome }}' then '{{ names.get(outcome, outcome) }}'
        {%- endfor %}
    end
{%- endmacro %}


{#- Where a record was loaded from, as an auditor asks for it: <system>/<object>/<date>/<file>:<line>. -#}
{% macro file_line(loads, line_no) -%}
    {{ loads }}.system || '/' || {{ loads }}.object || '/' || {{ date_text(loads ~ '.delivered_on') }}
    || '/' || {{ loads }}.file_name || ':' || cast({{ line_no }} as {{ text_type() }})
{%- endmacro %}
