"""The fixtures every other test stands on."""

from __future__ import annotations

import pytest

from warehouse.connection import connect

pytestmark = [pytest.mark.warehouse, pytest.mark.usefixtures("warehouse")]


def test_a_test_gets_a_migrated_warehouse_of_its_own() -> None:
    with connect() as connection:
        connection.execute(
            "insert into ops.refusals (system, object, delivered_on, file_name, reason, detail) "
            "values ('usage', 'events', '2026-10-01', 'a', 'incomplete', 'no manifest')"
        )
    with connect("auditor") as connection:
        assert connection.execute("select count(*) from ops.refusals").fetchone() == (1,)


def test_and_the_next_test_sees_nothing_of_it() -> None:
    with connect("auditor") as connection:
        assert connection.execute("select count(*) from ops.refusals").fetchone() == (0,)
