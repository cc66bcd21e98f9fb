with

lines as (
    select * from {{ ref('int_revenue__recognisable_lines') }}
    where recognition_method = 'straight_line'
),

months as (
    select
        lines.invoice_line_id,
        lines.net_minor,
        months.month_on,
        {{ days_between('lines.service_start_on', 'lines.service_end_on') }} as line_days,
        {{ days_between(
            'greatest(months.month_on, lines.service_start_on)',
            'least(' ~ add_months_to_date('months.month_on', 1) ~ ', lines.service_end_on)',
        ) }} as month_days
    from lines
    cross join {{ month_series('lines.service_start_on', 'lines.service_end_on', 'months') }}
),

floored as (
    select
        months.*,
        {{ largest_remainder_floor('abs(net_minor)', 'month_days', 'line_days') }} as whole_units,
        {{ largest_remainder_rest('abs(net_minor)', 'month_days', 'line_days') }} as rest
    from months
),

-- What the floors leave over goes, unit by unit, to the largest remainders; ties to the earliest month.
ranked as (
    select
        floored.*,
        row_number() over (partition by invoice_line_id order by rest desc, month_on asc) as rest_rank,
        abs(net_minor) - sum(whole_units) over (partition by invoice_line_id) as left_over
    from floored
),

final as (
    select
        invoice_line_id,
        month_on,
        cast(
            (case when net_minor < 0 then -1 else 1 end)
            * (whole_units + case when rest_rank <= left_over then 1 else 0 end)
            as bigint
        ) as amount_minor
    from ranked
)

select * from final
