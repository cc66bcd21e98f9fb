{#-
    What prepaid units do to the journal: bought, drawn first-expiring lot first, earned with the breakage that is expected,
    released when the lot expires (ASC 606-10-55-46 to 55-49, IFRS 15.B44 to B47).

    lots: relation or name of a CTE, one row a lot (account_id, lot_id), with
        bought_no integer           place among the events of the account; a draw finds the lots bought before it
        bought_on date
        amount numeric              paid for the lot, minor units, not negative
        units numeric               units of the lot, those given on top included: they dilute the price of a unit
        expires_on date             first day the lot is dead; null = never. Draws take the first to expire, then the first bought
        expected_breakage numeric   share of the units that nobody is expected to draw (0.1 = 10 %, exact)
        released_on date            day on which what is left is released; null = not released
    draws: one row a draw (account_id, draw_no), with draw_no integer (its place among the events), drawn_on date, units numeric

    Revenue of a lot to date is amount x units drawn / (units x (1 - expected breakage)), half to even, never more than the
    amount; the part above amount x drawn / units is breakage revenue, and so is what is released.

    Gives account_id, lot_id, posted_on, account and amount (numeric, minor units, debit positive; may be 0), and units (numeric)
    of draws. A draw of more than there is posts nothing for the rest: one row with lot_id null, its units and amount 0.
-#}
{% macro prepaid_postings(lots, draws) -%}
    with recursive numbered_draws as (
        select
            draws.*,
            row_number() over (partition by account_id order by draw_no) as step
        from {{ draws }} as draws
    ),

    lot_steps as (
        select
            lots.account_id,
            lots.lot_id,
            lots.bought_no,
            lots.expires_on,
            cast(lots.units as numeric) as units,
            cast(0 as bigint) as step,
            cast(null as date) as drawn_on,
            cast(0 as numeric) as taken,
            cast(0 as numeric) as drawn_to_date
        from {{ lots }} as lots

        union all

        select
            account_id,
            lot_id,
            bought_no,
            expires_on,
            units,
            step,
            drawn_on,
            taken,
            drawn_to_date + taken
        from (
            select
                offered.*,
                least(offer, greatest(wanted - coalesce(
                    sum(offer) over (
                        partition by account_id order by expires_on asc nulls last, bought_no asc
                        rows between unbounded preceding and 1 preceding
                    ),
                    0
                ), 0)) as taken
            from (
                select
                    lot_steps.account_id,
                    lot_steps.lot_id,
                    lot_steps.bought_no,
                    lot_steps.expires_on,
                    lot_steps.units,
                    lot_steps.drawn_to_date,
                    numbered_draws.step,
                    numbered_draws.drawn_on,
                    numbered_draws.units as wanted,
                    case
                        when
                            lot_steps.bought_no < numbered_draws.draw_no
                            and coalesce(lot_steps.expires_on > numbered_draws.drawn_on, true)
                            then lot_steps.units - lot_steps.drawn_to_date
                        else 0
                    end as offer
                from lot_steps
                inner join numbered_draws
                    on lot_steps.account_id = numbered_draws.account_id and lot_steps.step + 1 = numbered_draws.step
            ) as offered
        ) as drawn
    ),

    drawn_lots as (
        select
            lots.account_id,
            lots.lot_id,
            lots.amount,
            lots.released_on,
            lot_steps.step,
            lot_steps.drawn_on,
            lot_steps.taken,
            {{ half_even('lots.amount * lot_steps.drawn_to_date', 'lots.units') }} as plain_to_date,
            case
                when lots.expected_breakage >= 1 then case when lot_steps.drawn_to_date > 0 then lots.amount else 0 end
                else least(lots.amount, {{ half_even(
                    'lots.amount * lot_steps.drawn_to_date', '(lots.units * (1 - lots.expected_breakage))'
                ) }})
            end as earned_to_date
        from {{ lots }} as lots
        inner join lot_steps on lots.account_id = lot_steps.account_id and lots.lot_id = lot_steps.lot_id
        where lot_steps.step = 0 or lot_steps.taken > 0
    ),

    earned_lots as (
        select
            drawn_lots.*,
            plain_to_date - lag(plain_to_date, 1, 0) over (partition by account_id, lot_id order by step) as plain,
            earned_to_date - lag(earned_to_date, 1, 0) over (partition by account_id, lot_id order by step) as earned,
            row_number() over (partition by account_id, lot_id order by step desc) = 1 as is_last
        from drawn_lots
    ),

    prepaid_events as (
        select
            account_id,
            lot_id,
            bought_on as posted_on,
            0 as units,
            amount as cash,
            0 as revenue,
            0 as breakage
        from {{ lots }} as lots

        union all

        select
            account_id,
            lot_id,
            drawn_on as posted_on,
            taken as units,
            0 as cash,
            plain as revenue,
            earned - plain as breakage
        from earned_lots
        where step > 0

        union all

        select
            account_id,
            lot_id,
            released_on as posted_on,
            0 as units,
            0 as cash,
            0 as revenue,
            amount - earned_to_date as breakage
        from earned_lots
        where is_last and released_on is not null
    )

    select
        prepaid_events.account_id,
        prepaid_events.lot_id,
        prepaid_events.posted_on,
        prepaid_events.units,
        sides.account,
        case sides.account
            when 'cash' then cash
            when 'deferred_revenue' then revenue + breakage - cash
            when 'revenue' then -revenue
            else -breakage
        end as amount
    from prepaid_events
    cross join (values ('cash'), ('deferred_revenue'), ('revenue'), ('breakage_revenue')) as sides (account)

    union all

    select
        numbered_draws.account_id,
        null as lot_id,
        numbered_draws.drawn_on as posted_on,
        numbered_draws.units - coalesce(sum(lot_steps.taken), 0) as units,
        'deferred_revenue' as account,
        0 as amount
    from numbered_draws
    left join lot_steps
        on numbered_draws.account_id = lot_steps.account_id and numbered_draws.step = lot_steps.step
    group by numbered_draws.account_id, numbered_draws.step, numbered_draws.drawn_on, numbered_draws.units
    having numbered_draws.units > coalesce(sum(lot_steps.taken), 0)
{%- endmacro %}
