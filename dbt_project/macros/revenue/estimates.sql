{#-
    Revenue that follows an estimate: progress measured by cost, prices that depend on the volume reached, goods that come
    back, and money that a customer lends. Amounts are minor units (numeric), single products are rounded half to even.
-#}


{#-
    Revenue to date by the share of the expected cost that is spent (ASC 606-10-55-20 and 55-21, IFRS 15.B18 and B19).

    contracts: relation or name of a CTE with `price`, `cost_to_date`, `cost_total` and `percent_decimals` (decimals of the
    share, half to even; null = the exact share).

    Gives every row of contracts with `revenue_to_date`, never more than the price; null where no cost is expected. After a
    change of price or cost, the difference to what was earned is caught up at once.
-#}
{% macro cost_to_cost_revenue(contracts) -%}
    select
        measured.*,
        case
            when percent_decimals is null then {{ half_even('price * spent', 'cost_total') }}
            else {{ half_even('price * progress') }}
        end as revenue_to_date
    from (
        select
            spent.*,
            {{ round_ratio_as('spent', 'nullif(cost_total, 0)', 'percent_decimals', "'half_even'") }} as progress
        from (
            select
                contracts.*,
                least(cost_to_date, cost_total) as spent
            from {{ contracts }} as contracts
        ) as spent
    ) as measured
{%- endmacro %}


{#-
    A price that depends on the volume of the whole contract (ASC 606-10-55-216 to 55-220, IFRS 15 IE124 to IE128).

    periods: relation or name of a CTE, one row a contract and period (contract_id, period_no), with `units` (of the period) and
    `unit_price` (minor units that are expected of every unit, as estimated in the period; it may have a fraction).

    Gives every row of periods with `revenue`: units so far at the price now expected, less what was earned before.
-#}
{% macro volume_price_revenue(periods) -%}
    select
        totals.*,
        revenue_to_date - coalesce(
            lag(revenue_to_date) over (partition by contract_id order by period_no), 0
        ) as revenue
    from (
        select
            counted.*,
            {{ half_even('units_to_date * unit_price') }} as revenue_to_date
        from (
            select
                periods.*,
                sum(units) over (partition by contract_id order by period_no) as units_to_date
            from {{ periods }} as periods
        ) as counted
    ) as totals
{%- endmacro %}


{#-
    A sale of goods of which some are expected back (ASC 606-10-55-22 to 55-29, IFRS 15.B20 to B27).

    sales: relation or name of a CTE with `units`, `unit_price`, `unit_cost` and `expected_returned` (units).
    Gives every row of sales with `revenue`, `refund_liability`, `cogs` and `right_to_recover_asset`. What is expected back is
    rounded, the rest takes the difference, so that both sides add up to the sale.
-#}
{% macro sales_with_returns(sales) -%}
    select
        sales.*,
        {{ half_even('units * unit_price') }} - {{ half_even('expected_returned * unit_price') }} as revenue,
        {{ half_even('expected_returned * unit_price') }} as refund_liability,
        {{ half_even('units * unit_cost') }} - {{ half_even('expected_returned * unit_cost') }} as cogs,
        {{ half_even('expected_returned * unit_cost') }} as right_to_recover_asset
    from {{ sales }} as sales
{%- endmacro %}


{#-
    An advance that finances the seller (ASC 606-10-32-15 to 32-20, IFRS 15.60 to 15.65), compounded every year.

    advances: relation or name of a CTE, one row an advance (advance_id), with `advance`, `annual_rate` (0.06 = 6 %, exact) and
    `years` (integer).

    Gives advance_id, year_no (0 = the day of the advance, up to `years`), `balance` (advance and interest so far, half to even
    of the exact power) and `interest` of the year. Balances are rounded, never carried on rounded.
-#}
{% macro financed_advances(advances) -%}
    with recursive powers as (
        select
            advance_id,
            0 as year_no,
            cast(advance as numeric) as exact_balance,
            cast(annual_rate as numeric) as annual_rate,
            years
        from {{ advances }} as advances

        union all

        select
            advance_id,
            year_no + 1,
            exact_balance * (1 + annual_rate),
            annual_rate,
            years
        from powers
        where year_no < years
    ),

    rounded_powers as (
        select
            advance_id,
            year_no,
            {{ half_even('exact_balance') }} as balance
        from powers
    )

    select
        advance_id,
        year_no,
        balance,
        balance - coalesce(lag(balance) over (partition by advance_id order by year_no), balance) as interest
    from rounded_powers
{%- endmacro %}
