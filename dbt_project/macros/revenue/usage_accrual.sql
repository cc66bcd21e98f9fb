{#-
    Metered usage between invoices: at every month's end what was used since the last one stands as not billed yet, at its price;
    the invoice replaces it. A closed month is never restated: what later usage changes falls into the month it falls into.

    meters: relation or name of a CTE, one row a meter: meter_id, aggregation (sum, max or last; the latter also with _during_period),
        unit_price (minor units), period_start_on (of the first billing period)
    records: its usage: meter_id, record_no (order of one day), used_on date, quantity
    invoices: what bills it: meter_id, billed_on date (the next period starts on it), amount (minor units)

    Gives one row a meter and month in which there is usage or an invoice: meter_id, month_on, billed, unbilled (movement of what
    is not billed), revenue (earned, positive). Minor units.
-#}
{% macro usage_accruals(meters, records, invoices) -%}
    with months_of_meters as (
        select distinct
            moved.meter_id,
            {{ month_start('moved.moved_on') }} as month_on
        from (
            select
                meter_id,
                used_on as moved_on
            from {{ records }} as records
            union all
            select
                meter_id,
                billed_on
            from {{ invoices }} as invoices
        ) as moved
    ),

    open_periods as (
        select
            months_of_meters.meter_id,
            months_of_meters.month_on,
            {{ add_months_to_date('months_of_meters.month_on', 1) }} as ends_on,
            coalesce(max(invoices.billed_on), min(meters.period_start_on)) as period_start_on
        from months_of_meters
        inner join {{ meters }} as meters on months_of_meters.meter_id = meters.meter_id
        left join {{ invoices }} as invoices
            on
                months_of_meters.meter_id = invoices.meter_id
                and invoices.billed_on < {{ add_months_to_date('months_of_meters.month_on', 1) }}
        group by months_of_meters.meter_id, months_of_meters.month_on
    ),

    used as (
        select
            open_periods.meter_id,
            open_periods.month_on,
            records.quantity,
            row_number() over (
                partition by open_periods.meter_id, open_periods.month_on
                order by records.used_on desc, records.record_no desc
            ) as last_no
        from open_periods
        inner join {{ records }} as records
            on
                open_periods.meter_id = records.meter_id
                and open_periods.period_start_on <= records.used_on
                and open_periods.ends_on > records.used_on
    ),

    quantities as (
        select
            used.meter_id,
            used.month_on,
            case
                when min(meters.aggregation) in ('max', 'max_during_period') then max(used.quantity)
                when min(meters.aggregation) in ('last', 'last_during_period')
                    then max(case when used.last_no = 1 then used.quantity end)
                when min(meters.aggregation) = 'sum' then sum(used.quantity)
            end as quantity
        from used
        inner join {{ meters }} as meters on used.meter_id = meters.meter_id
        group by used.meter_id, used.month_on
    ),

    balances as (
        select
            open_periods.meter_id,
            open_periods.month_on,
            case
                when quantities.month_on is null then 0
                else {{ half_even('quantities.quantity * meters.unit_price') }}
            end as balance,
            coalesce(billed.amount, 0) as billed
        from open_periods
        inner join {{ meters }} as meters on open_periods.meter_id = meters.meter_id
        left join quantities
            on open_periods.meter_id = quantities.meter_id and open_periods.month_on = quantities.month_on
        left join (
            select
                meter_id,
                {{ month_start('billed_on') }} as month_on,
                sum(amount) as amount
            from {{ invoices }} as invoices
            group by meter_id, {{ month_start('billed_on') }}
        ) as billed
            on open_periods.meter_id = billed.meter_id and open_periods.month_on = billed.month_on
    ),

    moved as (
        select
            balances.*,
            balance - coalesce(lag(balance) over (partition by meter_id order by month_on), 0) as unbilled
        from balances
    )

    select
        meter_id,
        month_on,
        billed,
        unbilled,
        billed + unbilled as revenue
    from moved
{%- endmacro %}
