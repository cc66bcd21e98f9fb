{#- Rules of the independent re-summing of usage events (recon_resummed_usage), which U1, U3 and U4 read. -#}

{#-
    The UTC days to sum again, a list of dates: those that new deliveries touch, and those of accounts whose zone is another now.
-#}
{% macro resummed_usage_days() -%}
    {%- set accounts = touched_loads('control_plane', 'accounts') -%}
    {%- set moved -%}
        select distinct resummed.occurred_on
        from {{ this }} as resummed
        inner join {{ ref('int_usage__account_zones') }} as zones on resummed.account_id = zones.account_id
        where
            zones.load_id in (select loads.load_id from {{ accounts }} as loads)
            and resummed.timezone <> zones.timezone
    {%- endset -%}
    {%- set moved_days = values_of_touched(moved, after="select 1 from " ~ accounts ~ " as loads") -%}
    {{ return((touched_usage_days() + moved_days) | unique | sort) }}
{%- endmacro %}


{#- Pre-hook of recon_resummed_usage: the temporary relation touched_resummed_days(occurred_on). -#}
{% macro make_touched_resummed_days() -%}
    {{ touched_days_relation('touched_resummed_days', resummed_usage_days()) }}
{%- endmacro %}


{#- A small number of an account and day by which a count is weighed, so that errors of two accounts do not cancel out in a sum. -#}
{% macro cell_weight(account_id, day) -%}
    (abs({{ identity_hash(account_id, date_text(day)) }} % 1000003))
{%- endmacro %}


{#-
    The events that count by account, meter and local day, as a select of rows of recon_resummed_usage. From sums alone the sum of plain
    meters can be worked out again; of any other one the count of its events.
-#}
{% macro resummed_days(resummed) -%}
    select
        resummed.account_id,
        coalesce(meters.meter_code, resummed.event_type) as meter_code,
        resummed.usage_on,
        cast(sum(resummed.event_count) as bigint) as event_count,
        case
            when not coalesce(min(case when meters.is_detailed then 1 else 0 end) = 1, false)
                then coalesce(sum(resummed.quantity_sum), 0)
        end as quantity_sum,
        cast(
            sum(case when loads.load_seq > closings.load_seq then resummed.event_count else 0 end) as bigint
        ) as late_count,
        'events in ' || {{ joined_text(file_of_load('loads')) }} as evidence
    from {{ resummed }} as resummed
    inner join {{ ref('stg_ops__loads') }} as loads on resummed.load_id = loads.load_id
    left join {{ ref('int_usage__meters') }} as meters on resummed.event_type = meters.event_type
    left join {{ ref('recon_u3__closings') }} as closings on {{ month_start('resummed.usage_on') }} = closings.period
    group by resummed.account_id, coalesce(meters.meter_code, resummed.event_type), resummed.usage_on
{%- endmacro %}


{#- Totals of a side of U3 by meter and day, as a select of days; weighed by account too, so that errors of two accounts do not cancel out. -#}
{% macro totals_of_days(days) -%}
    select
        meter_code,
        usage_on,
        sum(event_count) as event_count,
        sum(quantity_sum) as quantity_sum,
        sum({{ cell_weight('account_id', 'usage_on') }} * event_count) as count_weight,
        sum({{ cell_weight('account_id', 'usage_on') }} * coalesce(quantity_sum, 0)) as quantity_weight,
        sum(late_count) as late_count
    from {{ days }}
    group by meter_code, usage_on
{%- endmacro %}


{#- Days that recon_u3__day_cells compared before their month was closed, opened or closed again, as a select: other events are late now. -#}
{% macro usage_days_of_moved_closings() -%}
    select cells.usage_on
    from {{ this }} as cells
    left join {{ ref('recon_u3__closings') }} as closings on {{ month_start('cells.usage_on') }} = closings.period
    where cells.closed_load_seq is distinct from closings.load_seq
{%- endmacro %}


{#-
    A side of U3. The equal cells (meter and day) as one row a month with their totals; of the others every account. Columns of `days`:
    account_id, meter_code, usage_on, event_count, quantity_sum, late_count, evidence; `side` names its columns of the cells.
-#}
{% macro usage_cells_side(days, side) -%}
    select
        cells.meter_code || '|' || {{ date_text('cells.usage_month') }} as tracking_key,
        cells.meter_code || '|' || {{ date_text('cells.usage_month') }} as row_id,
        cast(null as {{ text_type() }}) as account_id,
        cast(null as {{ text_type() }}) as currency,
        cast(null as bigint) as amount_minor,
        cast(cells.event_count as {{ exact_number() }}) as quantity,
        cells.usage_month as business_on,
        cells.usage_month as due_on,
        'days of ' || cells.meter_code || ' that agree, from ' || {{ date_text('cells.usage_month') }} as evidence,
        cast(null as date) as usage_on,
        cast(cells.quantity_sum as {{ exact_number() }}) as quantity_sum,
        0 as late_count
    from (
        select
            meter_code,
            {{ month_start('usage_on') }} as usage_month,
            sum({{ side }}_event_count) as event_count,
            sum({{ side }}_quantity_sum) as quantity_sum
        from {{ ref('recon_u3__day_cells') }}
        where is_equal
        group by meter_code, {{ month_start('usage_on') }}
    ) as cells
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
    inner join {{ ref('recon_u3__day_cells') }} as cells
        on days.meter_code = cells.meter_code and days.usage_on = cells.usage_on
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
