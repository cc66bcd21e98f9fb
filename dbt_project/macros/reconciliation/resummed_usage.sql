{#- Rules of the independent re-summing of usage events (recon_resummed_usage), which U1, U3 and U4 read. -#}

{#-
    The UTC days to sum again, a list of dates: those that new deliveries touch, and those of accounts whose zone is another now.
-#}
{% macro resummed_usage_days() -%}
    {#- Rendered before the condition, so that dbt sees what the model depends on when it parses. -#}
    {%- set moved -%}
        select distinct resummed.occurred_on
        from {{ this }} as resummed
        inner join {{ ref('int_usage__account_zones') }} as zones on resummed.account_id = zones.account_id
        where
            zones.load_id in (select loads.load_id from {{ touched_loads('control_plane', 'accounts') }} as loads)
            and resummed.timezone <> zones.timezone
    {%- endset -%}
    {%- set touched = touched_usage_days() -%}
    {%- if execute and is_incremental() -%}
        {{ return((touched + (run_query(moved).columns[0].values() | list)) | unique | sort) }}
    {%- else -%}
        {{ return([]) }}
    {%- endif -%}
{%- endmacro %}


{#- Pre-hook of recon_resummed_usage: the temporary relation touched_resummed_days(occurred_on). -#}
{% macro make_touched_resummed_days() -%}
    {%- set days = resummed_usage_days() -%}
    {%- if execute and is_incremental() -%}
        {%- set query -%}
            select cast(null as date) as occurred_on where false
            {%- for day in days %}
            union all select date '{{ day }}'
            {%- endfor %}
        {%- endset -%}
        {{ touched_relation('touched_resummed_days', query) }}
    {%- endif -%}
{%- endmacro %}


{#- A small number of an account and day by which a count is weighed, so that errors of two accounts do not cancel out in a sum. -#}
{% macro cell_weight(account_id, day) -%}
    (abs({{ identity_hash(account_id, date_text(day)) }} % 1000003))
{%- endmacro %}


{#-
    A side of U3. The equal cells (meter and month) as one row each with their totals; of the others every account and day. Columns of
    `days`: account_id, meter_code, usage_on, event_count, quantity_sum, late_count, evidence; `side` names its columns of the cells.
-#}
{% macro usage_cells_side(days, side) -%}
    select
        cells.meter_code || '|' || {{ date_text('cells.usage_month') }} as tracking_key,
        cells.meter_code || '|' || {{ date_text('cells.usage_month') }} as row_id,
        cast(null as {{ text_type() }}) as account_id,
        cast(null as {{ text_type() }}) as currency,
        cast(null as bigint) as amount_minor,
        cast(cells.{{ side }}_event_count as {{ exact_number() }}) as quantity,
        cells.usage_month as business_on,
        cells.usage_month as due_on,
        'all days of ' || cells.meter_code || ' from ' || {{ date_text('cells.usage_month') }} as evidence,
        cast(null as date) as usage_on,
        cast(cells.{{ side }}_quantity_sum as {{ exact_number() }}) as quantity_sum,
        0 as late_count
    from {{ ref('recon_u3__cells') }} as cells
    where cells.is_equal
    union all
    select
        days.account_id || '|' || days.meter_code || '|' || {{ date_text('days.usage_on') }} as tracking_key,
        days.account_id || '|' || days.meter_code || '|' || {{ date_text('days.usage_on') }} as row_id,
        days.account_id,
        cast(null as {{ text_type() }}) as currency,
        cast(null as bigint) as amount_minor,
        cast(days.event_count as {{ exact_number() }}) as quantity,
        days.usage_on as business_on,
        days.usage_on as due_on,
        days.evidence,
        days.usage_on,
        days.quantity_sum,
        days.late_count
    from {{ days }} as days
    inner join {{ ref('recon_u3__cells') }} as cells
        on days.meter_code = cells.meter_code and {{ month_start('days.usage_on') }} = cells.usage_month
    where not cells.is_equal
{%- endmacro %}


{#- What a meter makes of a day, by the column `aggregation`: a count, a maximum, else the sum. -#}
{% macro metered_value(event_count, quantity_sum, quantity_max) -%}
    cast(case aggregation when 'count' then {{ event_count }} when 'max' then {{ quantity_max }} else {{ quantity_sum }} end as {{ exact_number() }})
{%- endmacro %}


{#- The file of a load, as evidence names it: <object>/<date>/<file>. -#}
{% macro file_of_load(loads) -%}
    {{ loads }}.object || '/' || {{ date_text(loads ~ '.delivered_on') }} || '/' || {{ loads }}.file_name
{%- endmacro %}
