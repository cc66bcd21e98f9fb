{#- What is billed when the same period is rated again: differences of rounded cumulative amounts, never the price of a part. -#}

{#-
    Set macro: the difference of each snapshot of a period to the one before. `snapshots` has the keys of a line (`keys`), snapshot_no and
    cumulative_amount (rounded, bounded). Adds delta_amount; the deltas of a line sum to its last cumulative amount.
-#}
{% macro rating_deltas(snapshots, keys='line_id') -%}
    select
        snapshots.*,
        cumulative_amount
        - coalesce(lag(cumulative_amount) over (partition by {{ keys }} order by snapshot_no), 0) as delta_amount
    from {{ snapshots }} as snapshots
{%- endmacro %}

{#-
    Set macro: the invoices that a running amount triggers. `usage` has line_id, event_no, amount and recurring_threshold
    (null: none); `thresholds` has line_id and threshold_amount. An invoice for everything accrued and not yet invoiced is
    due whenever an event takes the accrued amount to a threshold or past it, or past one more multiple of the recurring
    threshold above the last fixed one; one event makes one invoice. Gives line_id, event_no, accrued_amount,
    invoice_amount.
-#}
{% macro progressive_invoices(usage, thresholds) -%}
    {%- set steps = floor_ratio('greatest(%s - last_threshold, 0)', 'nullif(recurring_threshold, 0)') -%}
    select
        crossing.line_id,
        crossing.event_no,
        crossing.accrued_amount,
        crossing.accrued_amount
        - coalesce(lag(crossing.accrued_amount) over (partition by line_id order by event_no), 0) as invoice_amount
    from (
        select
            accrued.line_id,
            accrued.event_no,
            accrued.accrued_amount,
            accrued.accrued_before,
            accrued.recurring_threshold,
            accrued.last_threshold,
            count(crossed.threshold_amount) as crossed_count
        from (
            select
                running.line_id,
                running.event_no,
                running.recurring_threshold,
                running.accrued_amount,
                running.accrued_amount - running.amount as accrued_before,
                coalesce(last_thresholds.last_threshold, 0) as last_threshold
            from (
                select
                    usage_amounts.*,
                    sum(amount) over (
                        partition by line_id order by event_no rows between unbounded preceding and current row
                    ) as accrued_amount
                from {{ usage }} as usage_amounts
            ) as running
            left join (
                select
                    line_id,
                    max(threshold_amount) as last_threshold
                from {{ thresholds }}
                group by line_id
            ) as last_thresholds on running.line_id = last_thresholds.line_id
        ) as accrued
        left join {{ thresholds }} as crossed
            on
                accrued.line_id = crossed.line_id
                and accrued.accrued_before < crossed.threshold_amount
                and accrued.accrued_amount >= crossed.threshold_amount
        group by
            accrued.line_id,
            accrued.event_no,
            accrued.accrued_amount,
            accrued.accrued_before,
            accrued.recurring_threshold,
            accrued.last_threshold
    ) as crossing
    where
        crossing.crossed_count > 0
        or {{ steps | replace('%s', 'crossing.accrued_amount') }}
        > {{ steps | replace('%s', 'crossing.accrued_before') }}
{%- endmacro %}
