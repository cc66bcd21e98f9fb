"""What a build leaves for the record of breaks, written by hand: its breaks, totals, registry and clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from orchestration.breaks.recording import RecordedRun, record_run
from tests.dbt.model_queries import model_query
from warehouse.connection import connect

MODELS = """
    create table reconciliation.recon_breaks (
        break_id text primary key, control_id text, comparison text, break_class text, class_family text, status text,
        tracking_key text, account_id text, currency text, amount_minor bigint, quantity_delta numeric,
        left_values text, right_values text, left_ids text, right_ids text, business_on date, deadline_on date,
        signature text, cause text, explained_by text, explained_minor bigint, owner text, severity text,
        as_of_at timestamptz
    );
    create table reconciliation.recon_control_totals (
        control_id text, comparison text, currency text, left_count bigint, left_minor bigint, left_quantity numeric,
        right_count bigint, right_minor bigint, right_quantity numeric, difference_minor bigint, breaks_minor bigint,
        expected_minor bigint, rounding_minor bigint, residue_minor bigint, break_count bigint
    );
    create table reconciliation.recon_control_states (control_id text, state text, watermark_on date);
    create table reconciliation.recon_controls (
        control_id text, name text, left_name text, right_name text, owner text
    );
    create table reconciliation.recon_control_inputs (control_id text, system text);
    create table reconciliation.recon_break_classes (control_id text, break_class text);
    create table intermediate.int_clock__as_of (as_of_at timestamptz, as_of_on date);
    insert into reconciliation.recon_controls values
        ('B1', 'Rated against invoiced', 'expected', 'invoiced', 'billing operations'),
        ('C4', 'Payouts against bank', 'payout', 'entries', 'treasury'),
        ('P2', 'Control health', 'scheduled', 'ran', 'data engineering');
    insert into reconciliation.recon_control_states values ('B1', 'ran', '2026-11-02'), ('C4', 'ran', '2026-11-02');
    insert into reconciliation.recon_control_totals
    values ('B1', 'rated_to_invoiced', 'usd', 3, 500, 3, 2, 400, 2, 100, 100, 0, 0, 0, 1);
"""
FIRST_DAY = date(2026, 11, 2)


# What people see of breaks, in the order in which one reads the other.
VIEWS = (
    "stg_recon__breaks",
    "stg_recon__explanations",
    "recon_break_coverage",
    "recon_break_register",
    "recon_open_breaks",
)


def prepare() -> None:
    """Make the tables that a build leaves, empty of breaks, and the views on the record."""
    with connect("transformer") as transformer:
        transformer.execute(MODELS.encode())
        transformer.execute("set local search_path to reconciliation, intermediate, recon")
        for view in VIEWS:
            transformer.execute(f"create view reconciliation.{view} as {model_query(view)}".encode())


def found(key: str, amount: int | None = -500, **changes: Any) -> dict[str, Any]:
    """A break of B1 as a build shows it; its values are its amount and `right`."""
    values = {"amount_minor": str(amount), "right": changes.pop("right", "r")}
    return {
        "break_id": f"b-{key}",
        "control_id": "B1",
        "comparison": "rated_to_invoiced",
        "break_class": "QTY",
        "class_family": "value",
        "status": "open",
        "tracking_key": key,
        "account_id": "acct_1",
        "currency": "usd",
        "amount_minor": amount,
        "left_values": "{}",
        "right_values": str(values),
        "left_ids": "charge 1",
        "right_ids": "line 1 (stripe/invoices/2026-11-01/part.jsonl:7)",
        "business_on": date(2026, 10, 30),
        "signature": f"{values}",
        "cause": "DATA.late",
        "owner": "billing operations",
        "severity": "S3",
        **changes,
    }


def build(*breaks: dict[str, Any], day: int = 0, load_seq: int | None = None) -> UUID:
    """Let a build show these breaks, `day` days after the first; gives its id, unrecorded."""
    build_id = uuid4()
    seen = FIRST_DAY + timedelta(days=day)
    with connect("transformer") as transformer:
        transformer.execute("truncate reconciliation.recon_breaks, intermediate.int_clock__as_of")
        after = seen + timedelta(days=1)
        midnight = datetime.fromisoformat(f"{after}T00:00:00+00:00")
        transformer.execute("insert into intermediate.int_clock__as_of values (%s, %s)", (midnight, after))
        for row in breaks:
            columns = ", ".join(row)
            places = ", ".join(["%s"] * len(row))
            transformer.execute(
                f"insert into reconciliation.recon_breaks ({columns}) values ({places})".encode(), list(row.values())
            )
        transformer.execute(
            "insert into ops.builds (build_id, holder, from_load_seq, to_load_seq, code_version, status)"
            " values (%s, 'test', 0, %s, 'v1', 'running')",
            (build_id, day if load_seq is None else load_seq),
        )
    return build_id


def run(*breaks: dict[str, Any], day: int = 0, load_seq: int | None = None) -> RecordedRun:
    """A build that shows these breaks, on record."""
    build_id = build(*breaks, day=day, load_seq=load_seq)
    with connect("transformer") as transformer:
        return record_run(transformer, build_id)


def rows(query: str) -> list[tuple[Any, ...]]:
    """Rows as the superuser sees them."""
    with connect() as login:
        return login.execute(query.encode()).fetchall()


def states() -> dict[str, str]:
    """Status of every break by its key."""
    return dict(rows("select tracking_key, status from recon.breaks"))


def tell(connection: psycopg.Connection[Any], key: str, event: str, **said: Any) -> None:
    """An event of a person about a break, with the signature that it has."""
    said = {
        "break_id": f"b-{key}",
        "event": event,
        "actor": "anna",
        "signature": rows(f"select signature from recon.breaks where tracking_key = '{key}'")[0][0],
        **said,
    }
    columns, places = ", ".join(said), ", ".join(["%s"] * len(said))
    connection.execute(f"insert into recon.break_events ({columns}) values ({places})".encode(), list(said.values()))


def say(key: str, event: str, **said: Any) -> None:
    """An event of a person, committed."""
    with connect("closer") as closer:
        tell(closer, key, event, **said)


def explanation(**said: Any) -> dict[str, Any]:
    """What an explanation needs, valid until the end of November."""
    return {
        "reason": "clears in November",
        "cause": "TIMING.settlement",
        "evidence": "ticket 12",
        "expires_on": date(2026, 11, 30),
        **said,
    }
