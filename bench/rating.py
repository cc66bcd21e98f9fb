"""Rating and the comparison with invoices: the production macros against one hand-written statement, and pandas.

All three get the same rows and must give the same answer, row by row, before their time counts. The macros are compiled
by dbt, composed as the models compose them (`int_rating__tier_splits`, `int_rating__rated_lines`, the controls), and
write one table, as the hand-written statement does. pandas has its frames in memory already, in int64 of a small enough
unit, so that its arithmetic is exact too; nothing is read or stored while its time runs.
"""

import contextlib
import io
import os
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import psycopg

from bench import measure
from bench.scratch import Database
from orchestration import dbt_process
from orchestration.paths import DBT_PROJECT
from warehouse.connection import dbt_environment

MOST_OF_BY_HAND = 1.5
TIERS = 5
PRICES = 97
CONTROL = "B1"
WATERMARK = "2026-06-10"
# pandas counts in these parts of a unit and of a minor unit.
UNIT_PARTS, MINOR_PARTS = 1000, 10_000
# pandas has no fast minimum of texts in groups; one of ordered categories it has.
CURRENCIES = pd.CategoricalDtype(["eur", "usd"], ordered=True)

RATING_DATA = f"""
    create schema bench;
    create table bench.items as
    select
        'si_' || n as item_id, 'price_' || n % {PRICES} as price_code,
        cast(n * 7919 % 1000003 as numeric) / {UNIT_PARTS} as quantity
    from generate_series(1, cast({{rows}} as bigint)) as n;
    create table bench.tiers as
    select
        'price_' || price as price_code, tier_no, (tier_no - 1) * 150.5 as lower_bound,
        case when tier_no < {TIERS} then tier_no * 150.5 end as upper_bound,
        round(100.0 / tier_no + price * 0.0125, 4) as unit_amount_minor,
        case when tier_no > 1 then 50 else 0 end as flat_amount_minor, cast(null as numeric) as cap_amount_minor
    from generate_series(0, {PRICES - 1}) as price cross join generate_series(1, {TIERS}) as tier_no;
    vacuum analyze bench.items;
    vacuum analyze bench.tiers
"""
RATING = """
    with

    line_tiers as (
        select
            items.item_id as line_id,
            tiers.tier_no,
            'graduated' as charge_model,
            items.quantity,
            1 as quantity_denominator,
            cast(null as numeric) as selector_quantity,
            'exact' as tier_select,
            'none' as zero_usage,
            tiers.lower_bound,
            tiers.upper_bound,
            tiers.unit_amount_minor as unit_amount,
            tiers.flat_amount_minor as flat_amount,
            tiers.cap_amount_minor as cap_amount,
            1 as amount_denominator,
            0 as tier_digits,
            cast(null as text) as tier_mode
        from bench.items as items
        inner join bench.tiers as tiers on items.price_code = tiers.price_code
    ),

    splits as (
        {{ tier_splits('line_tiers', billed='0') }}
    ),

    part_totals as (
        select line_id, sum(amount_numerator) as amount_numerator from splits
        group by line_id
    ),

    lines as (
        select
            item_id as line_id,
            'graduated' as charge_model,
            quantity,
            0 as billed,
            1 as quantity_denominator,
            cast(null as numeric) as package_size,
            0 as free_quantity,
            'up' as partial_package,
            cast(null as numeric) as unit_amount,
            1 as amount_denominator,
            'half_up' as rounding_mode
        from bench.items
    ),

    priced as (
        {{ amounts_of_lines('lines', 'part_totals') }}
    )

    select
        line_id as item_id,
        cast({{ round_ratio_as('amount_numerator', 'amount_denominator', '0', 'rounding_mode') }} as bigint) as answer
    from priced
"""
RATING_BY_HAND = """
    select
        items.item_id,
        cast(round(sum(
            greatest(least(items.quantity, tiers.upper_bound) - tiers.lower_bound, 0) * tiers.unit_amount_minor
            + case when items.quantity > tiers.lower_bound then tiers.flat_amount_minor else 0 end
        )) as bigint) as answer
    from bench.items as items
    inner join bench.tiers as tiers on items.price_code = tiers.price_code
    group by items.item_id
"""
# One line in a hundred differs by one minor unit (within the tolerance), one in two hundred by more, some by the
# quantity or the currency; some are missing on either side, and of these some are not due yet.
COMPARISON_DATA = f"""
    create schema bench;
    create table bench.expected as
    select
        'si_' || n || '|usage|2026-05-01|2026-06-01' as tracking_key, 'charge_' || n as row_id,
        'acc_' || n % 1000 as account_id, 'usd' as currency, n * 7919 % 100003 as amount_minor,
        cast(n % 1000 as numeric) / 8 as quantity, date '2026-06-01' as business_on,
        date '2026-06-01' + cast(n % 20 as integer) as due_on, 'charge ' || n as evidence
    from generate_series(1, cast({{rows}} as bigint)) as n;
    create table bench.invoiced as
    select
        case when n % 997 = 0 then 'other_' else 'si_' end || n || '|usage|2026-05-01|2026-06-01' as tracking_key,
        'il_' || n as row_id, 'acc_' || n % 1000 as account_id,
        case when n % 4999 = 0 then 'eur' else 'usd' end as currency,
        n * 7919 % 100003 + case when n % 101 = 0 then 1 when n % 211 = 0 then 5 else 0 end as amount_minor,
        cast(n % 1000 as numeric) / 8 + case when n % 307 = 0 then 1 else 0 end as quantity,
        date '2026-06-01' as business_on, date '2026-06-01' as due_on, 'line il_' || n as evidence
    from generate_series(1, cast({{rows}} as bigint)) as n;
    vacuum analyze bench.expected;
    vacuum analyze bench.invoiced;
    update reconciliation.recon_watermarks set watermark_on = '{WATERMARK}' where control_id = '{CONTROL}'
"""
COMPARISON = f"{{{{ compare('{CONTROL}', left='bench.expected', right='bench.invoiced') }}}}"
SIDE_BY_HAND = """
    select
        tracking_key, count(*) as row_count, min(account_id) as account_id, min(currency) as currency,
        max(currency) as last_currency, cast(sum(amount_minor) as bigint) as amount_minor, sum(quantity) as quantity,
        min(business_on) as business_on, max(due_on) as due_on,
        string_agg(distinct evidence, ', ' order by evidence) as ids
    from bench.{side}
    group by tracking_key
"""
COMPARISON_BY_HAND = f"""
    select
        tracking_key, e.row_count as left_rows, i.row_count as right_rows, e.account_id, e.currency, e.business_on,
        e.amount_minor as left_amount_minor, i.amount_minor as right_amount_minor,
        e.quantity as left_quantity, i.quantity as right_quantity, e.ids as left_ids, i.ids as right_ids,
        greatest(e.due_on, i.due_on) as deadline_on,
        case
            when e.row_count > 1 or i.row_count > 1 then 'DUPLICATE'
            when i.row_count is null and e.due_on >= '{WATERMARK}' then 'TIMING_RIGHT'
            when e.row_count is null and i.due_on >= '{WATERMARK}' then 'TIMING_LEFT'
            when i.row_count is null then 'MISSING_RIGHT'
            when e.row_count is null then 'MISSING_LEFT'
            when e.currency <> e.last_currency or i.currency <> i.last_currency or e.currency <> i.currency
                then 'CURRENCY'
            when e.quantity <> i.quantity then 'QUANTITY'
            when abs(e.amount_minor - i.amount_minor) > 1 then 'AMOUNT'
            when e.amount_minor <> i.amount_minor then 'ROUNDING'
            else 'MATCHED'
        end as answer
    from ({SIDE_BY_HAND.format(side="expected")}) as e
    full join ({SIDE_BY_HAND.format(side="invoiced")}) as i using (tracking_key)
"""


@dataclass(frozen=True)
class Against:
    """Seconds of the macros, of one hand-written statement and of pandas over the same rows."""

    what: str
    rows: int
    ours: float
    by_hand: float
    pandas: float

    @property
    def ratio(self) -> float:
        """Ours in units of the hand-written statement."""
        return self.ours / self.by_hand

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        if self.ratio <= MOST_OF_BY_HAND:
            return []
        return [f"{self.what} takes {self.ratio:.2f} times as long as one hand-written statement"]

    def line(self) -> str:
        """A row of the page's table."""
        return (
            f"| {self.what} | {self.rows:,} | {self.ours:.2f} | {self.rows / self.ours:,.0f} | {self.by_hand:.2f} | "
            f"{self.ratio:.2f} | {self.pandas:.2f} |"
        )


def measured(database: Database, rows: int, repeats: int) -> Iterator[Against]:
    """Both measurements over `rows` rows; each time is the median of `repeats`."""
    with database("bench_rating") as url:
        what = f"subscription items rated over {TIERS} tiers"
        yield _against(url, what, rows, repeats, (RATING_DATA, RATING, RATING_BY_HAND, "item_id", _rated_by_pandas))
    with database("bench_comparison") as url:
        prepare_comparison()
        what = "expected lines compared with invoiced lines"
        yield _against(
            url,
            what,
            rows,
            repeats,
            (COMPARISON_DATA, COMPARISON, COMPARISON_BY_HAND, "tracking_key", _compared_by_pandas),
        )


def prepare_comparison() -> None:
    """What the comparison reads beside its sides: the registry, and how far the systems have delivered."""
    _dbt("seed", "--select", "recon_controls", "recon_control_inputs", "recon_systems")
    _dbt("run", "--select", "stg_ops__loads", "recon_watermarks")


def page(found: list[Against]) -> list[str]:
    """Lines of the page."""
    return [
        "| what | rows | tieout, s | rows/s | one hand-written statement, s | ratio | pandas, s |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(one.line() for one in found),
        "",
        "The macros of production, compiled by dbt and composed as its models compose them, and the hand-written",
        f"statement each write one table: ours may take {MOST_OF_BY_HAND} times as long. The answers of all three are",
        "equal row by row. pandas works on frames that are in memory already, exactly: in int64 of a small unit.",
    ]


PandasAnswer = Callable[[pd.DataFrame, pd.DataFrame], "pd.Series[object]"]


def _against(url: str, what: str, rows: int, repeats: int, given: tuple[str, str, str, str, PandasAnswer]) -> Against:
    data, inline, by_hand, key, answer = given
    ours = compiled(inline)
    times = []
    answers: list[pd.Series[object]] = []
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        for statement in data.format(rows=rows).split(";"):
            connection.execute(statement)
        left, right = (_frame(connection, table) for table in _tables(connection))
        for _ in range(repeats):
            connection.execute("drop table if exists bench.ours, bench.by_hand")
            in_turn = [
                measure.seconds(partial(connection.execute, f"create unlogged table bench.{name} as {statement}"))
                for name, statement in (("ours", ours), ("by_hand", by_hand))
            ]
            in_turn.append(measure.seconds(lambda: answers.append(answer(left, right))))
            times.append(in_turn)
        _check(connection, what, key, answers[-1])
    return Against(what, rows, *(statistics.median(values) for values in zip(*times, strict=True)))


def _check(
    connection: psycopg.Connection[tuple[object, ...]], what: str, key: str, by_pandas: "pd.Series[object]"
) -> None:
    """Raise RuntimeError unless all three say the same of every row."""
    column = "outcome" if key == "tracking_key" else "answer"
    # the difference that the control plants in itself is of nobody else
    found = connection.execute(
        f"""
        select count(*) from (
            select {key}, {column} as answer from bench.ours where cast({key} as text) <> 'canary'
        ) as ours
        full join bench.by_hand as by_hand using ({key})
        where ours.answer is distinct from by_hand.answer
        """
    ).fetchone()
    if found != (0,):
        raise RuntimeError(f"{what}: the macros and the hand-written statement differ in {found} rows")
    rows = connection.execute(f"select {key}, answer from bench.by_hand").fetchall()
    by_hand = pd.Series({str(name): value for name, value in rows}).sort_index()
    if not by_hand.equals(by_pandas.sort_index().astype(by_hand.dtype)):
        raise RuntimeError(f"{what}: pandas and the hand-written statement differ")


def compiled(inline: str) -> str:
    """SQL of a piece of Jinja, as dbt compiles it with the macros of the project."""
    from dbt.cli.main import dbtRunner

    os.environ.update(dbt_environment())
    arguments = [f"--project-dir={DBT_PROJECT}", f"--profiles-dir={DBT_PROJECT}"]
    # dbt prints what it compiled, whatever the level of its log.
    with contextlib.redirect_stdout(io.StringIO()):
        outcome: Any = dbtRunner().invoke(["--quiet", "compile", "--inline", inline, *arguments])
    if not outcome.success:
        raise RuntimeError(f"dbt did not compile the statement: {outcome.exception or outcome.result}")
    return str(outcome.result.results[0].node.compiled_code)


def _dbt(*arguments: str) -> None:
    outcome = dbt_process.run(arguments)
    if not outcome.succeeded:
        raise RuntimeError("\n".join(outcome.failures))


def _tables(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    found = connection.execute("select tablename from pg_tables where schemaname = 'bench' order by tablename")
    return [str(name) for (name,) in found.fetchall()]


def _frame(connection: psycopg.Connection[tuple[object, ...]], table: str) -> pd.DataFrame:
    """A table with its exact numbers as int64, in parts of a unit and of a minor unit; no bound is the largest."""
    scales = {
        "quantity": UNIT_PARTS,
        "lower_bound": UNIT_PARTS,
        "upper_bound": UNIT_PARTS,
        "unit_amount_minor": MINOR_PARTS,
        "flat_amount_minor": MINOR_PARTS * UNIT_PARTS,
    }
    columns = [
        str(name)
        for (name,) in connection.execute(
            "select column_name from information_schema.columns where table_schema = 'bench' and table_name = %s",
            (table,),
        ).fetchall()
    ]
    chosen = [
        f"coalesce(cast({name} * {scales[name]} as bigint), {2**53}) as {name}" if name in scales else name
        for name in columns
        if name != "cap_amount_minor"
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"select {', '.join(chosen)} from bench.{table}")
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])


def _rated_by_pandas(items: pd.DataFrame, tiers: pd.DataFrame) -> "pd.Series[object]":
    lines = items.merge(tiers, on="price_code")
    held = (lines["quantity"].clip(upper=lines["upper_bound"]) - lines["lower_bound"]).clip(lower=0)
    entered = lines["quantity"] > lines["lower_bound"]
    lines["amount"] = held * lines["unit_amount_minor"] + lines["flat_amount_minor"].where(entered, 0)
    parts = UNIT_PARTS * MINOR_PARTS
    # All amounts here are positive, so half up is half away from zero.
    return (2 * lines.groupby("item_id")["amount"].sum() + parts) // (2 * parts)


def _compared_by_pandas(expected: pd.DataFrame, invoiced: pd.DataFrame) -> "pd.Series[object]":
    sides = [_side_by_pandas(frame) for frame in (expected, invoiced)]
    both = sides[0].join(sides[1], how="outer", lsuffix="_left", rsuffix="_right")
    due = both[["due_on_left", "due_on_right"]].max(axis=1) < pd.Timestamp(WATERMARK)
    no_left, no_right = both["row_count_left"].isna(), both["row_count_right"].isna()
    # Int64 keeps whole numbers whole where a side is missing; a comparison with nothing is not true.
    numbers = both.filter(regex="^(amount_minor|quantity)_").astype("Int64")
    delta = (numbers["amount_minor_left"] - numbers["amount_minor_right"]).abs()
    answer = pd.Series("MATCHED", index=both.index, dtype=object)
    # The last rule that holds is written last, so the order is that of the outcomes turned round.
    for outcome, holds in (
        ("ROUNDING", delta > 0),
        ("AMOUNT", delta > 1),
        ("QUANTITY", numbers["quantity_left"] != numbers["quantity_right"]),
        (
            "CURRENCY",
            (both["currency_left"] != both["currency_right"])
            | (both["currency_left"] != both["last_currency_left"])
            | (both["currency_right"] != both["last_currency_right"]),
        ),
        ("MISSING_LEFT", no_left),
        ("MISSING_RIGHT", no_right),
        ("TIMING_LEFT", no_left & ~due),
        ("TIMING_RIGHT", no_right & ~due),
        ("DUPLICATE", (both["row_count_left"] > 1) | (both["row_count_right"] > 1)),
    ):
        answer[holds.fillna(value=False).astype(bool)] = outcome
    return answer


def _side_by_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    return (
        frame.assign(due_on=pd.to_datetime(frame["due_on"]), currency=frame["currency"].astype(CURRENCIES))
        .groupby("tracking_key")
        .agg(
            row_count=("row_id", "size"),
            account_id=("account_id", "first"),
            currency=("currency", "min"),
            last_currency=("currency", "max"),
            amount_minor=("amount_minor", "sum"),
            quantity=("quantity", "sum"),
            business_on=("business_on", "first"),
            due_on=("due_on", "max"),
            ids=("evidence", "first"),
        )
    )
