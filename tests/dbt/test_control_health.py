"""P2: a control that did not run, ran on nothing, on old inputs or against itself is a break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.dbt.model_queries import model_query

TABLES = """
    create temp table recon_controls (
        control_id text, amount_tolerance_minor bigint, quantity_tolerance numeric, sla_business_days integer,
        compares_months boolean
    );
    insert into recon_controls values ('P2', 0, 0, 0, false);
    create temp table recon_watermarks (control_id text, watermark_on date);
    insert into recon_watermarks values ('P2', '1900-01-01');
    create temp table recon_p2__scheduled (
        tracking_key text, row_id text, account_id text, currency text, amount_minor bigint, quantity numeric,
        business_on date, due_on date, evidence text, self_count bigint, empty_count bigint, stale_count bigint
    );
    create temp table recon_p2__observed (like recon_p2__scheduled);
"""


@pytest.fixture
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """Nothing scheduled yet; no system delivered, which must not keep P2 from looking."""
    with psycopg.connect(module_warehouse) as connection:
        connection.execute(TABLES)
        yield connection
        connection.rollback()


def say(session: psycopg.Connection[Any], side: str, control: str, comparisons: int, **flags: int) -> None:
    """A control on one side with its number of comparisons."""
    counted = [flags.get(name, 0) for name in ("self_count", "empty_count", "stale_count")]
    session.execute(
        f"insert into recon_p2__{side} values"
        " (%s, %s, null, null, null, %s, '2026-11-01', '1899-01-02', 'e', %s, %s, %s)".encode(),
        (control, control, comparisons, *counted),
    )


def test_every_way_of_not_looking_is_a_break_and_looking_is_none(session):
    for control in ("B1", "B2", "C3", "C4", "U1", "X1"):
        say(session, "scheduled", control, 2)
    say(session, "observed", "B1", 2)
    say(session, "observed", "C3", 1)
    say(session, "observed", "C4", 2, empty_count=1)
    say(session, "observed", "U1", 2, stale_count=1)
    say(session, "observed", "X1", 2, self_count=1, empty_count=1)
    found = session.execute(
        f"""
        select tracking_key, coalesce(break_class, status)
        from ({model_query("recon_p2__control_health")}) as compared
        """.encode()
    )
    assert dict(found.fetchall()) == {
        "B1": "matched",
        "B2": "NOT_RUN",
        "C3": "NOT_RUN",
        "C4": "ZERO_POPULATION",
        "U1": "RAN_ON_STALE_INPUT",
        "X1": "SELF_COMPARISON",
        "canary": "AMOUNT",
    }


def test_a_control_of_systems_that_deliver_on_change_alone_stands_as_of_the_last_delivery(session):
    session.execute(
        """
        create temp table recon_control_inputs (control_id text, system text, is_optional boolean);
        insert into recon_control_inputs values
            ('A1', 'crm', false), ('A1', 'catalog', true), ('A2', 'crm', false), ('A2', 'bank', false),
            ('A3', 'tax', false), ('A4', 'tax', true);
        create temp table recon_systems (system text, delivers text);
        insert into recon_systems values
            ('crm', 'on_change'), ('catalog', 'on_change'), ('tax', 'on_change'), ('bank', 'daily'), ('usage', 'daily');
        create temp table stg_ops__loads (system text, delivered_on date);
        insert into stg_ops__loads values ('crm', '2026-10-01'), ('bank', '2026-11-05'), ('usage', '2026-11-09');
        """
    )
    found = session.execute(
        f"select control_id, cast(watermark_on as text) from ({model_query('recon_watermarks')}) as w".encode()
    ).fetchall()
    assert dict(found) == {"A1": "2026-11-09", "A2": "2026-11-05", "A3": "1900-01-01", "A4": "1900-01-01"}


def test_a_control_whose_input_was_only_ever_refused_has_not_run(session):
    session.execute(
        """
        delete from recon_watermarks;
        insert into recon_controls (control_id) values ('F1'), ('T1'), ('X9');
        insert into recon_watermarks values ('F1', '1900-01-01'), ('T1', '1900-01-01');
        create temp table recon_control_objects (control_id text, system text, object text);
        insert into recon_control_objects values
            ('F1', 'fx', 'rates'), ('F1', 'erp', 'transaction'), ('T1', 'tax', 'rates');
        create temp table stg_ops__loads (system text, object text, delivered_on date);
        insert into stg_ops__loads values ('erp', 'transaction', '2026-10-01');
        create temp table stg_ops__refused_files (system text, object text);
        insert into stg_ops__refused_files values ('fx', 'rates'), ('fx', 'rates'), ('erp', 'transaction');
        """
    )
    compared: Any = [{"control_id": name} for name in ("F1", "T1", "P2")]
    states = model_query("recon_control_states", comparisons=lambda: compared)
    found = session.execute(f"select control_id, state from ({states}) as s".encode())
    assert dict(found.fetchall()) == {"F1": "not run", "T1": "not in use", "P2": "ran", "X9": "not run"}
