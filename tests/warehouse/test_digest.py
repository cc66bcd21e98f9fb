"""Digests: the same content is the same digest, however it came there."""

from __future__ import annotations

import psycopg
import pytest

from warehouse.connection import connect
from warehouse.digest import digest_tables

pytestmark = [pytest.mark.warehouse, pytest.mark.usefixtures("warehouse")]


@pytest.fixture
def session(warehouse):
    with connect(autocommit=True) as connection:
        connection.execute("create schema one")
        yield connection


def digest(session: psycopg.Connection, *statements: str) -> str:
    session.execute("drop table if exists one.t")
    for statement in statements:
        session.execute(statement)
    return digest_tables(session, ["one"])["one.t"]


def test_the_order_of_rows_and_of_columns_does_not_count(session):
    one = digest(session, "create table one.t (a int, b text)", "insert into one.t values (1, 'x'), (2, 'y')")
    two = digest(session, "create table one.t (b text, a int)", "insert into one.t values ('y', 2), ('x', 1)")
    assert one == two


@pytest.mark.parametrize(
    "other",
    ["(1, 'x')", "(1, 'x'), (2, 'y'), (2, 'y')", "(1, 'y'), (2, 'x')", "(1, 'x'), (2, null)", "(1, 'x'), (2, '')"],
)
def test_another_row_a_missing_row_and_a_repeated_row_count(session, other):
    make = "create table one.t (a int, b text)"
    assert digest(session, make, "insert into one.t values (1, 'x'), (2, 'y')") != digest(
        session, make, f"insert into one.t values {other}"
    )


def test_what_the_clock_and_the_order_of_loading_wrote_does_not_count(session):
    make = (
        "create table one.t (a int, load_seq bigint, known_at timestamptz, built_at timestamptz, "
        "started_at timestamptz, finished_at timestamptz)"
    )
    one = digest(session, make, "insert into one.t values (1, 1, now(), now(), now(), now())")
    two = digest(session, make, "insert into one.t values (1, 2, null, null, null, null)")
    assert one == two


def test_an_empty_table_has_a_digest_too_and_a_table_of_bookkeeping_alone_counts_its_rows(session):
    make = "create table one.t (load_seq bigint)"
    assert digest(session, make) != digest(session, make, "insert into one.t values (1)")


def test_partitions_are_part_of_their_table_and_views_are_none(session):
    digest(session, "create table one.t (d date) partition by range (d)",
           "create table one.t_1 partition of one.t for values from ('2026-10-01') to ('2026-10-02')")  # fmt: skip
    session.execute("create view one.v as select 1 as n")
    before = digest_tables(session, ["one"])
    session.execute("insert into one.t values ('2026-10-01')")
    after = digest_tables(session, ["one"])
    assert set(after) == {"one.t"}
    assert before != after


def test_tables_can_be_left_out_by_name(session):
    digest(session, "create table one.t (a int)")
    assert digest_tables(session, ["one"], leave_out=["one.t"]) == {}


def test_the_whole_warehouse_has_digests_that_do_not_move_by_looking(session):
    schemas = ["raw", "quarantine", "ops", "checks"]
    assert digest_tables(session, schemas) == digest_tables(session, schemas)
