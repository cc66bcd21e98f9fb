{#- Charges by the single event: percentages of transactions, and tiers that the running total of events walks through. -#}

{#-
    Set macro: what every transaction of a percentage charge costs. `transactions` has a row a transaction:
      the keys of a line (`keys`), transaction_no              order inside the line, from 1
      transaction_value
      rate, fixed_amount                                       share of the value (0.029 = 2.9 %), fee of a transaction
      free_transactions, free_amount                           allowances of the line; null: none
      minimum_per_transaction, maximum_per_transaction         bounds of one transaction; null: none
    Transactions are free in order, until either allowance ends. The one that would exceed the free value is not free: it
    pays on what lies above. Adds is_free, free_value (the part of the value that costs nothing), paid_value and amount.
-#}
{% macro percentage_transactions(transactions, keys='line_id') -%}
    {%- set of_line = 'partition by ' ~ keys ~ ' order by transaction_no rows between unbounded preceding and current row' -%}
    select
        shared.*,
        transaction_value - free_value as paid_value,
        case
            when is_free then 0
            else greatest(
                least({{ times('transaction_value - free_value', 'rate') }} + fixed_amount, maximum_per_transaction),
                minimum_per_transaction
            )
        end as amount
    from (
        select
            walked.*,
            case
                when is_free then transaction_value
                when is_crossing and first_paid_no = transaction_no then transaction_value - (running_value - free_amount)
                else 0
            end as free_value
        from (
            select
                limited.*,
                transaction_no < coalesce(first_paid_no, transaction_no + 1) as is_free
            from (
                select
                    running.*,
                    min(case when is_crossing or is_past_count then transaction_no end) over (
                        partition by {{ keys }}
                    ) as first_paid_no
                from (
                    select
                        totals.*,
                        not is_past_count and coalesce(running_value > free_amount, false) as is_crossing
                    from (
                        select
                            transactions.*,
                            sum(transaction_value) over ({{ of_line }}) as running_value,
                            case
                                when free_transactions is not null then transaction_no > free_transactions
                                else free_amount is null
                            end as is_past_count
                        from {{ transactions }} as transactions
                    ) as totals
                ) as running
            ) as limited
        ) as walked
    ) as shared
{%- endmacro %}

{#-
    Set macro: the units of every event, split over the tiers that the running total walks through. `events` has a row an
    event: line_id, event_no (order, from 1), quantity (negative: units are removed, top tier first), and any columns of
    its own. `tiers` has line_id, tier_no, lower_bound, upper_bound. Gives a row an event and tier that it touches, with
    the event's columns, the tier's number and tier_units, negative for a removal. Units below zero are in no tier.
-#}
{% macro event_tier_splits(events, tiers) -%}
    select
        walked.*,
        tiers.tier_no,
        case when walked.quantity < 0 then -1 else 1 end
        * (least(walked.high_units, tiers.upper_bound) - greatest(walked.low_units, tiers.lower_bound)) as tier_units
    from (
        select
            running.*,
            least(running_units, running_units - quantity) as low_units,
            greatest(running_units, running_units - quantity) as high_units
        from (
            select
                events.*,
                sum(quantity) over (
                    partition by line_id order by event_no rows between unbounded preceding and current row
                ) as running_units
            from {{ events }} as events
        ) as running
    ) as walked
    inner join {{ tiers }} as tiers
        on
            walked.line_id = tiers.line_id
            and walked.high_units > tiers.lower_bound
            and (walked.low_units < tiers.upper_bound or tiers.upper_bound is null)
            and walked.high_units > walked.low_units
{%- endmacro %}

{#-
    Set macro: a graduated charge whose events are prorated each by itself. `splits` are the events' units in tiers (see
    event_tier_splits) with the tier's unit_amount and share_numerator over share_denominator (positive): the part of a
    full unit that a unit of the event is priced as. `tiers` has line_id, tier_no, flat_amount; `lines` has line_id,
    final_units (the running total at the end; null without events) and zero_usage. Full units choose the tier, the event's share
    prices them. A flat amount is due for each tier that a positive event entered, and stays. Gives line_id and
    amount_numerator over amount_denominator, exact.
-#}
{% macro prorated_event_amounts(lines, splits, tiers) -%}
    select
        lines.line_id,
        case
            when lines.final_units < 0 then 0
            else
                coalesce(units.amount_numerator, 0)
                + {{ times('coalesce(flats.amount, 0)', 'coalesce(units.amount_denominator, 1)') }}
        end as amount_numerator,
        coalesce(units.amount_denominator, 1) as amount_denominator
    from {{ lines }} as lines
    left join (
        select
            shares.line_id,
            scales.scale as amount_denominator,
            sum({{ times(
                times('shares.tier_units', 'shares.unit_amount'),
                times('shares.share_numerator', whole_quotient('scales.scale', 'shares.share_denominator'))
            ) }}) as amount_numerator
        from {{ splits }} as shares
        inner join (
            select
                line_id,
                {{ least_common_multiple_of('share_denominator') }} as scale
            from {{ splits }}
            group by line_id
        ) as scales on shares.line_id = scales.line_id
        group by shares.line_id, scales.scale
    ) as units on lines.line_id = units.line_id
    left join (
        select
            flat_lines.line_id,
            sum(flat_tiers.flat_amount) as amount
        from {{ lines }} as flat_lines
        inner join {{ tiers }} as flat_tiers on flat_lines.line_id = flat_tiers.line_id
        left join (
            select distinct
                line_id,
                tier_no
            from {{ splits }}
            where tier_units > 0
        ) as entered
            on flat_tiers.line_id = entered.line_id and flat_tiers.tier_no = entered.tier_no
        where
            entered.tier_no is not null
            or (
                flat_tiers.tier_no = 1
                and flat_lines.zero_usage = 'first_flat'
                and coalesce(flat_lines.final_units, 0) = 0
            )
        group by flat_lines.line_id
    ) as flats on lines.line_id = flats.line_id
{%- endmacro %}

{#-
    Set macro: units in tiers priced by their own dimension. `splits` are events in tiers (see event_tier_splits), or sums
    without tiers (tier_no 0), with dimension_value; `prices` has line_id, tier_no, dimension_value and unit_amount; `other`
    is the price of every other value (null: none). Adds unit_amount and amount; both null where there is no price.
-#}
{% macro dimension_amounts(splits, prices, other='null') -%}
    select
        splits.*,
        coalesce(prices.unit_amount, {{ other }}) as unit_amount,
        {{ times('splits.tier_units', 'coalesce(prices.unit_amount, ' ~ other ~ ')') }} as amount
    from {{ splits }} as splits
    left join {{ prices }} as prices
        on
            splits.line_id = prices.line_id
            and splits.tier_no = prices.tier_no
            and splits.dimension_value = prices.dimension_value
{%- endmacro %}
