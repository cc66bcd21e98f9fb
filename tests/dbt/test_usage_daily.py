"""The usage chain on hand-made events: the same rows however they are loaded and built.

The cases stand in int_usage__daily/*.yml. All of them are landed together, in three ways: at once and built anew; one
delivery after the other, each built incrementally; and in the opposite order. Every way must show the expected rows and
the same tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import yaml

from tests.conftest import ScratchCluster
from tests.dbt import scratch_dbt
from tests.dbt.raw_rows import load_documents, load_events

FOLDER = Path(__file__).with_name("int_usage__daily")
CATALOGUE = yaml.safe_load((FOLDER / "catalogue.yml").read_text())
CASES = {
    path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yml")) if path.stem != "catalogue"
}
WAYS = ("at once", "day by day", "last day first")
VIEWS = (
    "+stg_usage__events",
    "+stg_ops__loads",
    "+stg_ops__builds",
    "+stg_ops__zone_offsets",
    "+stg_catalog__meters",
    "+stg_catalog__meter_filters",
    "+stg_catalog__meter_groups",
    "+stg_catalog__prices",
    "+stg_control_plane__accounts",
)
MODELS = (
    "int_usage__account_zones",
    "int_usage__meter_filters",
    "int_usage__meter_groups",
    "int_usage__meters",
    "int_usage__load_days",
    "int_usage__zone_days",
    "int_usage__event_repeats",
    "int_usage__delayed_events",
    "int_usage__daily_parts",
    "int_usage__daily",
    "int_usage__events",
    "int_usage__late_events",
    "int_usage__event_conflicts",
    "fct_usage_daily",
    "recon_resummed_usage",
    "recon_resummed_days",
    "recon_aggregated_days",
    "recon_u3__closings",
    "recon_u3__day_cells",
)
TABLES = (
    "int_usage__daily",
    "int_usage__daily_parts",
    "int_usage__event_repeats",
    "int_usage__delayed_events",
    "int_usage__late_events",
)
FIRST_DAY = date(2026, 3, 1)


def deliveries() -> dict[date, list[dict[str, Any]]]:
    """Events of all cases by delivery date."""
    found: dict[date, list[dict[str, Any]]] = {}
    for case in CASES.values():
        for delivery in case["deliveries"]:
            found.setdefault(delivery["delivered_on"], []).extend(delivery["events"])
    return dict(sorted(found.items()))


def load_reference(connection: psycopg.Connection[Any]) -> None:
    """Meters and accounts of the cases, known from the first day."""
    meters = [{"record_id": meter["meter_code"], "payload": meter} for meter in CATALOGUE["meters"]]
    accounts = [{"record_id": account["account_id"], "payload": account} for account in CATALOGUE["accounts"]]
    load_documents(connection, "catalog__meters", FIRST_DAY, meters)
    load_documents(connection, "control_plane__accounts", FIRST_DAY, accounts)


@contextmanager
def running_build(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """The row of a build of the loads since the last one, as the launcher writes it; the block builds."""
    build_id = uuid4()
    connection.execute(
        """
        insert into ops.builds (build_id, holder, from_load_seq, to_load_seq, code_version, status)
        select %s, 'test', coalesce((select max(to_load_seq) from ops.builds), 0), max(load_seq), 'test', 'running'
        from ops.loads
        """,
        (build_id,),
    )
    yield
    connection.execute(
        "update ops.builds set status = 'succeeded', finished_at = clock_timestamp() where build_id = %s", (build_id,)
    )


def build(connection: psycopg.Connection[Any], *, full_refresh: bool = False) -> None:
    """One build of the usage chain."""
    with running_build(connection):
        started = connection.execute("select count(*) = 1 from ops.builds").fetchone() == (True,)
        scratch_dbt.build("run", *(VIEWS if started else ()), *MODELS, full_refresh=full_refresh)


def land_and_build(connection: psycopg.Connection[Any], way: str) -> None:
    """All cases, in one of the three ways."""
    load_reference(connection)
    days = list(deliveries().items())
    if way == "last day first":
        days.reverse()
    for delivered_on, events in days:
        load_events(connection, delivered_on, events)
        if way != "at once":
            build(connection)
    if way == "at once":
        build(connection, full_refresh=True)


def rows_of(connection: psycopg.Connection[Any], table: str) -> list[dict[str, Any]]:
    """All rows of an intermediate table, ordered by all columns."""
    with connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        found = cursor.execute(f"select * from intermediate.{table}".encode()).fetchall()
    return sorted(found, key=str)


@pytest.fixture(scope="module", params=WAYS)
def built(request: pytest.FixtureRequest, cluster: ScratchCluster) -> Iterator[psycopg.Connection[Any]]:
    """A warehouse with all cases landed and built in one way."""
    with scratch_dbt.warehouse(cluster) as connection:
        land_and_build(connection, request.param)
        yield connection


@pytest.fixture(scope="module")
def own(cluster: ScratchCluster) -> Iterator[psycopg.Connection[Any]]:
    """A warehouse with all cases for the tests that change it, which the others would see in theirs."""
    with scratch_dbt.warehouse(cluster) as connection:
        land_and_build(connection, "day by day")
        yield connection


def days_that_differ(connection: psycopg.Connection[Any]) -> list[Any]:
    """Days of which the events, summed again without the aggregates, and the aggregates say different things."""
    columns = "account_id, meter_code, usage_on, event_count, quantity_sum"
    resummed, aggregated = (
        f"select {columns} from reconciliation.recon_{name}_days" for name in ("resummed", "aggregated")
    )
    query = f"({resummed} except {aggregated}) union all ({aggregated} except {resummed})"
    return connection.execute(query.encode()).fetchall()


def comparable(value: Any) -> Any:
    """A value of a case or of a table, so that equal ones compare equal."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | Decimal) or (isinstance(value, str) and value.replace(".", "", 1).isdigit()):
        return Decimal(value)
    return value


@pytest.mark.parametrize("name", CASES)
def test_the_case_shows_its_expected_rows(built: psycopg.Connection[Any], name: str) -> None:
    case = CASES[name]
    for table, expected in case["expect"].items():
        columns = list(expected[0]) if expected else ["event_id"]
        found = [
            {column: comparable(row[column]) for column in columns}
            for row in rows_of(built, table)
            if row["account_id"] in case["accounts"]
        ]
        wanted = [{column: comparable(row[column]) for column in columns} for row in expected]
        assert sorted(found, key=str) == sorted(wanted, key=str), case["description"]


SEEN: dict[str, list[dict[str, Any]]] = {}


def test_every_way_of_loading_gives_the_same_tables(built: psycopg.Connection[Any]) -> None:
    for table in TABLES:
        rows = rows_of(built, table)
        assert rows == SEEN.setdefault(table, rows), table
        assert rows, table


def test_every_landed_event_is_accounted_for(built: psycopg.Connection[Any]) -> None:
    landed = built.execute("select count(*) from raw.usage__events").fetchone()
    counted = built.execute(
        "select sum(event_count + duplicate_count + conflict_count) from marts.fct_usage_daily"
    ).fetchone()
    assert landed == counted


def test_the_events_summed_again_are_the_aggregates(built: psycopg.Connection[Any]) -> None:
    assert built.execute("select count(*) > 20 from reconciliation.recon_resummed_days").fetchone() == (True,)
    assert not days_that_differ(built)


def cells_of(connection: psycopg.Connection[Any]) -> list[Any]:
    """What U3 keeps of every meter and day."""
    query = "select * from reconciliation.recon_u3__day_cells order by meter_code, usage_on"
    return connection.execute(query).fetchall()


def unequal_days(connection: psycopg.Connection[Any]) -> list[Any]:
    """Days that U3 goes into account by account."""
    query = "select meter_code, usage_on from reconciliation.recon_u3__day_cells where not is_equal"
    return connection.execute(query).fetchall()


def test_the_days_that_a_control_keeps_are_those_it_would_compare_anew(built: psycopg.Connection[Any]) -> None:
    kept = cells_of(built)
    assert len(kept) > 10
    assert not unequal_days(built)
    scratch_dbt.build("run", "recon_u3__day_cells", full_refresh=True)
    assert cells_of(built) == kept


def test_an_aggregate_changed_by_hand_is_found_by_the_next_build(own: psycopg.Connection[Any]) -> None:
    (row,) = own.execute(
        "select account_id, meter_code, usage_on from intermediate.int_usage__daily where event_count > 0"
        " order by usage_on, account_id, meter_code limit 1"
    ).fetchall()
    change = (
        "update intermediate.int_usage__daily set event_count = event_count + %s"
        " where account_id = %s and meter_code = %s and usage_on = %s"
    )
    own.execute(change.encode(), (1, *row))
    build(own)
    assert unequal_days(own) == [row[1:]]
    own.execute(change.encode(), (-1, *row))
    build(own)
    assert not unequal_days(own)
    own.execute("create temp table kept as select * from intermediate.int_usage__daily")
    own.execute("truncate intermediate.int_usage__daily")
    build(own)
    assert len(unequal_days(own)) == len(cells_of(own))
    own.execute("insert into intermediate.int_usage__daily select * from kept")
    own.execute("drop table kept")
    build(own)
    assert not unequal_days(own)
    assert own.execute("select count(*) from ops.changed_days").fetchone() == (0,)


# The ledger takes a close only with its books; here a month is closed that has none, in a database that is thrown away.
CLOSE = """
    alter table ledger.periods disable trigger user;
    alter table ledger.period_events disable trigger user;
    insert into ledger.periods (entity, period, status)
    select 'acme', cast(date_trunc('month', max(usage_on)) as date), 'closed' from reconciliation.recon_u3__day_cells;
    insert into ledger.period_events (
        entity, event_no, period, event, preparer, approver, happened_at, login, code_version, load_seq, line_count,
        chain_head, trial_balance_sha256, hash_prev, hash
    )
    select 'acme', 1, period, 'closed', 'Ada', 'Ben', now(), 'test', 'test', 1, 0, '', '', '', '' from ledger.periods;
"""


def test_closing_and_opening_a_month_compares_its_days_again(own: psycopg.Connection[Any]) -> None:
    own.execute(CLOSE)
    build(own)
    late = "select distinct usage_on from reconciliation.recon_resummed_days where late_count > 0 order by usage_on"
    days = [day for (day,) in own.execute(late).fetchall()]
    assert days
    assert sorted({day for _, day in unequal_days(own)}) == days
    own.execute("delete from ledger.period_events")
    own.execute("delete from ledger.periods")
    build(own)
    assert not unequal_days(own)


def test_a_build_without_new_loads_changes_nothing(built: psycopg.Connection[Any]) -> None:
    before = {table: rows_of(built, table) for table in TABLES}
    build(built)
    assert {table: rows_of(built, table) for table in TABLES} == before


def test_a_new_zone_moves_the_days_of_its_account_alone(own: psycopg.Connection[Any]) -> None:
    before = rows_of(own, "int_usage__daily")
    moved = [{"record_id": "berlin", "payload": {"account_id": "berlin", "timezone": "America/New_York"}}]
    load_documents(own, "control_plane__accounts", date(2026, 11, 9), moved)
    build(own)
    after = rows_of(own, "int_usage__daily")
    # [29 March 04:00Z, 30 March 04:00Z) is the day in New York
    berlin = {(row["usage_on"], row["quantity"]) for row in after if row["account_id"] == "berlin"}
    assert berlin == {(date(2026, 3, 28), Decimal(3)), (date(2026, 3, 29), Decimal(2))}
    assert [row for row in after if row not in before] == [row for row in after if row["account_id"] == "berlin"]
    assert [row for row in before if row not in after] == [row for row in before if row["account_id"] == "berlin"]
    assert not days_that_differ(own)
    build(own, full_refresh=True)
    assert rows_of(own, "int_usage__daily") == after


def test_a_remapped_event_type_moves_to_its_new_meter(own: psycopg.Connection[Any]) -> None:
    meter = {"meter_code": "peak_tb", "event_type": "com.acme.storage", "aggregation": "sum"}
    records = [
        {"record_id": "peak_gb", "payload": CATALOGUE["meters"][2], "is_deleted": True},
        {"record_id": "peak_tb", "payload": meter},
    ]
    load_documents(own, "catalog__meters", date(2026, 11, 10), records)
    build(own)
    after = rows_of(own, "int_usage__daily")
    storage = [(row["meter_code"], row["quantity"]) for row in after if row["event_type"] == "com.acme.storage"]
    assert storage == [("peak_tb", Decimal("10.5"))]
    build(own, full_refresh=True)
    assert rows_of(own, "int_usage__daily") == after
