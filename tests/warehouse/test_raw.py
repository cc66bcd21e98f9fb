"""What landed rows look like and what the database refuses by itself."""

from __future__ import annotations

import psycopg
import pytest

from warehouse.connection import connect

pytestmark = [pytest.mark.warehouse, pytest.mark.usefixtures("module_warehouse")]

LOAD = "00000000-0000-0000-0000-00000000000a"
DOCUMENT_COLUMNS = [
    ("load_id", "uuid", "NO"),
    ("load_seq", "bigint", "NO"),
    ("line_no", "bigint", "NO"),
    ("delivered_on", "date", "NO"),
    ("known_at", "timestamp with time zone", "NO"),
    ("record_id", "text", "NO"),
    ("source_updated_at", "timestamp with time zone", "YES"),
    ("record_hash", "text", "NO"),
    ("is_deleted", "boolean", "NO"),
    ("api_version", "text", "YES"),
    ("payload", "jsonb", "NO"),
]
OBJECTS = {
    "usage": "control_totals",
    "control_plane": "accounts entitlements provisioning",
    "catalog": "plans prices meters conventions policies",
    "stripe": "customers products prices coupons tax_rates subscriptions invoices invoice_line_items invoice_payments "
    "credit_notes charges payment_intents refunds disputes balance_transactions payouts payout_balance_transactions "
    "events meters meter_event_summaries balance_summaries",
    "crm": "account opportunity opportunity_line_item quote quote_line_item order order_item contract product2 "
    "pricebook_entry",
    "erp": "customer item account accountingperiod subsidiary currency currencyrate transaction transactionline "
    "transactionaccountingline",
    "bank": "statements",
    "tax": "rates exemptions",
    "fx": "rates",
}
EVENT = (
    "insert into raw.usage__events (load_id, load_seq, line_no, delivered_on, source, event_id, event_type, subject, "
    "occurred_at, occurred_on, quantity) "
    "values (%(load)s, 1, 1, '2026-10-02', 's', 'e', 't', 'acct', '2026-10-01T12:00Z', '2026-10-01', %(quantity)s)"
)


def test_every_object_has_its_table_of_the_one_shape():
    wanted = {f"{system}__{name}" for system, names in OBJECTS.items() for name in names.split()}
    with connect("auditor") as connection:
        found: dict[str, list[tuple[str, str, str]]] = {}
        for table, *column in connection.execute(
            "select table_name, column_name, data_type, is_nullable from information_schema.columns "
            "where table_schema = 'raw' and table_name not like 'usage\\_\\_events%' order by 1, ordinal_position"
        ):
            found.setdefault(table, []).append(tuple(column))
    assert set(found) == wanted
    assert all(columns == DOCUMENT_COLUMNS for columns in found.values())


@pytest.mark.parametrize("domain", ["money_amount", "quantity"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_refused(domain, value):
    with connect("loader") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(f"select cast(%s as ops.{domain})", (value,))


@pytest.mark.parametrize("value", ["0", "-12.345678901234567890", "1e400", "0.000000000000000000001"])
def test_a_finite_number_of_any_size_stays_exact(value):
    with connect("loader") as connection:
        equal = "select cast(%(v)s as ops.quantity) = cast(%(v)s as numeric)"
        assert connection.execute(equal, {"v": value}).fetchone() == (True,)


def test_an_event_of_nan_units_does_not_land():
    with connect("loader") as connection:
        connection.execute("select ops.ensure_usage_partition('2026-10-01')")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(EVENT, {"load": LOAD, "quantity": "NaN"})


def test_the_loader_makes_a_day_s_partition_once_and_events_go_there():
    with connect("loader") as connection:
        for _ in range(2):
            made = connection.execute("select ops.ensure_usage_partition('2026-10-01')").fetchone()
            assert made == ("usage__events_20261001",)
        connection.execute(EVENT, {"load": LOAD, "quantity": "3"})
        assert connection.execute("select tableoid::regclass::text from raw.usage__events").fetchall() == [
            ("raw.usage__events_20261001",)
        ]


def test_an_event_of_a_day_without_partition_is_refused_and_not_lost_elsewhere():
    with connect("loader") as connection, pytest.raises(psycopg.errors.CheckViolation, match="no partition"):
        connection.execute(EVENT.replace("2026-10-01'", "2031-01-01'"), {"load": LOAD, "quantity": "3"})


@pytest.mark.parametrize("day", ["1999-12-31", "2200-01-01", "infinity", None])
def test_a_partition_far_outside_is_refused(day):
    with connect("loader") as connection, pytest.raises(psycopg.errors.DatetimeFieldOverflow):
        connection.execute("select ops.ensure_usage_partition(cast(%s as date))", (day,))


def test_a_new_partition_does_not_wait_for_a_reader_of_the_usage_table():
    with connect("transformer") as reader, connect("loader") as loader:
        reader.execute("select count(*) from raw.usage__events")  # the transaction stays open, and so does its lock
        loader.execute("set lock_timeout to '2s'")
        loader.execute("select ops.ensure_usage_partition('2026-10-17')")


def test_a_load_whose_rows_do_not_add_up_is_refused():
    with connect("loader") as connection, pytest.raises(psycopg.errors.CheckViolation, match="loads_identity"):
        connection.execute(
            "insert into ops.loads (load_id, load_seq, system, object, delivered_on, file_name, content_sha256, "
            "size_bytes, rows_in, accepted, duplicate, quarantined, late_excluded, code_version) "
            "values (%s, 1, 's', 'o', '2026-10-01', 'f', %s, 1, 10, 8, 1, 0, 0, 'v')",
            (LOAD, "0" * 64),
        )


def test_a_refusal_of_the_same_file_for_the_same_reason_stands_once():
    statement = (
        "insert into ops.refusals (system, object, delivered_on, file_name, content_sha256, reason, detail) "
        "values ('s', 'o', '2026-10-01', 'f', %s, 'incomplete', 'd') on conflict do nothing"
    )
    with connect("loader") as connection:
        for sha in ("a", "a", None, None):
            connection.execute(statement, (sha,))
        assert connection.execute("select count(*) from ops.refusals").fetchone() == (2,)


def test_rows_that_just_landed_are_known_to_the_planner_after_a_refresh():
    with connect("loader", autocommit=True) as connection:
        connection.execute("select ops.ensure_usage_partition('2026-10-05')")
        connection.execute(
            "insert into raw.usage__events "
            "select %s, 1, n, '2026-10-06', now(), 's', n::text, 't', 'a', '2026-10-05T00:00Z', '2026-10-05', null, 1, "
            "null "
            "from generate_series(1, 1000) as n",
            (LOAD,),
        )
    with connect("transformer", autocommit=True) as connection:
        connection.execute("select ops.refresh_statistics()")
        leaf, whole = connection.execute(
            "select min(reltuples), max(reltuples) from pg_class "
            "where oid in ('raw.usage__events_20261005'::regclass, 'raw.usage__events'::regclass)"
        ).fetchone()
        assert leaf == 1000
        assert whole >= leaf
        assert connection.execute("select ops.refresh_statistics()").fetchone() == (0,)
