with

values_to_date as (
    select * from {{ ref('int_revenue__usage_value_to_date') }}
),

-- Value is cumulative, so the last month of the line holds its total.
placed as (
    select
        values_to_date.*,
        last_value(value_to_date_minor) over (
            partition by invoice_line_id order by month_on
            rows between unbounded preceding and unbounded following
        ) as value_total_minor,
        row_number() over (partition by invoice_line_id order by month_on desc) = 1 as is_last_month
    from values_to_date
),

-- The line's own amount is cut in proportion to the value to date; differences of rounded totals add up to the line.
earned_to_date as (
    select
        invoice_line_id,
        month_on,
        case
            when is_last_month then net_minor
            when value_total_minor = 0 then 0
            else {{ round_ratio('net_minor * value_to_date_minor', 'nullif(value_total_minor, 0)') }}
        end as earned_to_date_minor
    from placed
),

final as (
    select
        invoice_line_id,
        month_on,
        cast(
            earned_to_date_minor
            - coalesce(lag(earned_to_date_minor) over (partition by invoice_line_id order by month_on), 0)
            as bigint
        ) as amount_minor
    from earned_to_date
)

select * from final
