{#-
    Revenue by period of contracts that are changed after some periods (ASC 606-10-25-10 to 25-13, IFRS 15.18 to 15.21).

    contracts: relation or name of a CTE, one row a contract (contract_id), with
        price numeric, periods integer      as agreed first: equal periods
        after_periods integer               periods earned before the change
        treatment text                      separate_contract, prospective or cumulative_catch_up
        changed_price numeric, changed_periods integer
            separate_contract: what is added, over its own periods after the change
            prospective: what is not earned yet and what is added, over the periods that are left
            cumulative_catch_up: price and periods of the whole contract; the first period after the change catches up

    Gives contract_id, period_no (from 1) and revenue (numeric, minor units), a row for every period with a plan.
-#}
{% macro modified_periods(contracts) -%}
    {%- set plans = {
        'agreed_periods': ('contracts.price', 'contracts.periods'),
        'changed_periods': ('contracts.changed_price', 'contracts.changed_periods'),
    } -%}
    with
    {%- for plan, (price, periods) in plans.items() %}
    {{ plan }} as (
        {{ spread('(
            select
                contracts.contract_id,
                contracts.treatment,
                contracts.after_periods,
                series.n as period_no,
                contracts.contract_id as split_id,
                series.n as item_no,
                ' ~ price ~ ' as total,
                1 as weight,
                1 as unit
            from ' ~ contracts ~ ' as contracts
            cross join ' ~ integer_series('1', periods, 'series') ~ '
        )') }}
    ),
    {% endfor %}
    earned_periods as (
        select
            contract_id,
            period_no,
            part as revenue
        from agreed_periods
        where treatment = 'separate_contract' or period_no <= after_periods

        union all

        -- a catch-up earns at once what the changed plan had earned by now
        select
            contract_id,
            case
                when treatment = 'cumulative_catch_up' then greatest(period_no, after_periods + 1)
                else after_periods + period_no
            end as period_no,
            part as revenue
        from changed_periods

        union all

        -- less what was earned before the change
        select
            contract_id,
            after_periods + 1 as period_no,
            -part as revenue
        from agreed_periods
        where treatment = 'cumulative_catch_up' and period_no <= after_periods
    )

    select
        contract_id,
        period_no,
        sum(revenue) as revenue
    from earned_periods
    group by contract_id, period_no
{%- endmacro %}


{#-
    The same for contracts of units, part of which are delivered when units are added.

    contracts: relation or name of a CTE, one row a contract, with units, unit_price, delivered, added_units, added_price
    (numeric, prices in minor units) and treatment:
        separate_contract       added units are distinct and at their standalone price: every unit keeps its own price
        prospective             units that are not delivered yet share what is left of both prices
        cumulative_catch_up     all units share both prices; what was delivered is restated

    Gives every row of contracts with `remaining_unit` and `added_unit` (price of a unit of the first contract that is not
    delivered yet, and of an added one; half to even), `remaining_total` (still to be earned), `catch_up` (earned at the
    change) and `revenue_total`. Totals are exact; a price of a unit is for reading.
-#}
{% macro modified_units(contracts) -%}
    {%- set added_total = 'added_units * added_price' -%}
    {%- set both_totals = '(units * unit_price + ' ~ added_total ~ ')' -%}
    {%- set undelivered = '(units - delivered)' -%}
    {%- set shared = half_even(
        "case when treatment = 'prospective' then " ~ undelivered ~ ' * unit_price + ' ~ added_total ~ ' else ' ~ both_totals ~ ' end',
        "case when treatment = 'prospective' then " ~ undelivered ~ ' + added_units else units + added_units end'
    ) -%}
    select
        contracts.*,
        case when treatment = 'separate_contract' then unit_price else {{ shared }} end as remaining_unit,
        case when treatment = 'separate_contract' then added_price else {{ shared }} end as added_unit,
        case
            when treatment = 'cumulative_catch_up'
                then {{ both_totals }} - {{ half_even(both_totals ~ ' * delivered', '(units + added_units)') }}
            else {{ undelivered }} * unit_price + {{ added_total }}
        end as remaining_total,
        case
            when treatment = 'cumulative_catch_up'
                then {{ half_even(both_totals ~ ' * delivered', '(units + added_units)') }} - delivered * unit_price
            else 0
        end as catch_up,
        {{ both_totals }} as revenue_total
    from {{ contracts }} as contracts
{%- endmacro %}
