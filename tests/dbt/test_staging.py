"""Staging on hand-made raw records: the cases of staging/*.yml, and what was known at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg.rows import dict_row

from tests.conftest import ScratchCluster
from tests.dbt import scratch_dbt
from tests.dbt.raw_rows import load_documents

CASES = {
    path.stem: yaml.safe_load(path.read_text()) for path in sorted(Path(__file__).with_name("staging").glob("*.yml"))
}


@pytest.fixture(scope="module")
def staged(cluster: ScratchCluster) -> Iterator[psycopg.Connection[Any]]:
    """A warehouse with the staging views and nothing in it."""
    with scratch_dbt.warehouse(cluster) as connection:
        scratch_dbt.build("seed", "currencies")
        scratch_dbt.build("run", "path:models/staging")
        yield connection


@pytest.fixture
def connection(staged: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """The same, emptied afterwards."""
    yield staged
    for (table,) in staged.execute("select distinct system || '__' || object from ops.loads").fetchall():
        staged.execute(f"truncate raw.{table}".encode())
    staged.execute("truncate ops.loads cascade")


def load(connection: psycopg.Connection[Any], case: dict[str, Any]) -> None:
    """The raw records of a case."""
    for file in case["raw"]:
        load_documents(connection, file["table"], file["delivered_on"], file["records"])


def as_text(row: dict[str, Any]) -> str:
    """A row as text that is equal for equal values."""
    return json.dumps({name: comparable(value) for name, value in row.items()}, sort_keys=True)


def comparable(value: Any) -> Any:
    """Numbers without trailing zeros, instants and dates in ISO."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | Decimal):
        return f"{Decimal(value).normalize():f}"
    return value


def expected(row: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    """A row of a case, with quoted numbers read as numbers where the column holds numbers."""
    return {
        name: Decimal(value) if isinstance(value, str) and isinstance(example[name], int | Decimal) else value
        for name, value in row.items()
    }


@pytest.mark.parametrize("name", CASES)
def test_the_case_shows_its_expected_rows(connection: psycopg.Connection[Any], name: str) -> None:
    case = CASES[name]
    load(connection, case)
    for model, rows in case["expect"].items():
        columns = list(rows[0])
        with connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(f"select {', '.join(columns)} from staging.{model}".encode()).fetchall()
        example = {column: next((row[column] for row in found if row[column] is not None), None) for column in columns}
        assert sorted(map(as_text, found)) == sorted(as_text(expected(row, example)) for row in rows), case[
            "description"
        ]


def test_a_value_that_cannot_be_read_is_counted_and_stops_nothing(connection: psycopg.Connection[Any]) -> None:
    case = CASES["odd_values"]
    load(connection, case)
    for test, count in case["counted"].items():
        results = scratch_dbt.build("test", test)
        assert [(str(result.status), result.failures) for result in results] == [("warn", count)]


def test_a_view_as_of_a_time_shows_what_was_known_then(connection: psycopg.Connection[Any]) -> None:
    for day, name in ((1, "first"), (2, "second")):
        load_documents(
            connection,
            "catalog__plans",
            date(2026, 3, day),
            [{"record_id": "team", "payload": {"plan_code": "team", "name": name}}],
        )
        connection.execute(
            "update raw.catalog__plans set known_at = delivered_on + interval '1 hour' where payload ->> 'name' = %s",
            (name,),
        )
    scratch_dbt.build("run", "stg_catalog__plans", variables={"as_of": "2026-03-01T12:00:00Z"})
    then = connection.execute("select name from staging.stg_catalog__plans").fetchall()
    scratch_dbt.build("run", "stg_catalog__plans")
    now = connection.execute("select name from staging.stg_catalog__plans").fetchall()
    assert (then, now) == ([("first",)], [("second",)])
