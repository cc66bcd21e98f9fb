"""Raw rows as the landing door would write them, for cases that start at raw."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg

Row = Mapping[str, Any]

LOAD = """
    insert into ops.loads (
        load_id, load_seq, system, object, delivered_on, file_name, content_sha256, size_bytes,
        rows_in, accepted, duplicate, quarantined, late_excluded, code_version
    )
    select %(load_id)s, coalesce(max(load_seq), 0) + 1, %(system)s, %(object)s, %(delivered_on)s, %(file)s, %(sha)s, 0,
        %(rows)s, %(rows)s, 0, 0, 0, 'test'
    from ops.loads
    returning load_seq
"""
EVENT = """
    insert into raw.usage__events (
        load_id, load_seq, line_no, delivered_on, source, event_id, event_type, subject,
        occurred_at, occurred_on, recorded_at, quantity, dimensions
    )
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def record_load(
    connection: psycopg.Connection[Any], table: str, delivered_on: date, *, file: str, rows: int
) -> tuple[UUID, int]:
    """A row of ops.loads; its load_id depends on the delivery alone, its load_seq on the order of loading."""
    system, name = table.split("__", 1)
    sha = hashlib.sha256(f"{system}/{name}/{delivered_on}/{file}".encode()).hexdigest()
    identity = UUID(sha[:32])
    values = {
        "load_id": identity,
        "system": system,
        "object": name,
        "delivered_on": delivered_on,
        "file": file,
        "sha": sha,
        "rows": rows,
    }
    found = connection.execute(LOAD, values).fetchone()
    assert found is not None
    return identity, int(found[0])


def load_documents(connection: psycopg.Connection[Any], table: str, delivered_on: date, records: Iterable[Row]) -> None:
    """Documents of one file. A record is {record_id, payload} and may say source_updated_at and is_deleted."""
    found = list(records)
    identity, load_seq = record_load(connection, table, delivered_on, file="records.jsonl", rows=len(found))
    for line, record in enumerate(found, start=1):
        payload = json.dumps(record["payload"], default=str)
        connection.execute(
            f"""
            insert into raw.{table} (
                load_id, load_seq, line_no, delivered_on, record_id, source_updated_at, record_hash, is_deleted, payload
            )
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            """.encode(),
            (
                identity,
                load_seq,
                line,
                delivered_on,
                record["record_id"],
                record.get("source_updated_at"),
                hashlib.md5(payload.encode(), usedforsecurity=False).hexdigest(),
                record.get("is_deleted", False),
                payload,
            ),
        )


def load_events(connection: psycopg.Connection[Any], delivered_on: date, events: Iterable[Row]) -> None:
    """Usage events of one file: {id, type, account, at, quantity} and maybe source, recorded, dimensions."""
    found = list(events)
    identity, load_seq = record_load(connection, "usage__events", delivered_on, file="events.jsonl", rows=len(found))
    for line, event in enumerate(found, start=1):
        at = instant(event["at"])
        connection.execute("select ops.ensure_usage_partition(%s)", (at.date(),))
        connection.execute(
            EVENT,
            (
                identity,
                load_seq,
                line,
                delivered_on,
                event.get("source", "//acme/test"),
                event["id"],
                event["type"],
                event["account"],
                at,
                at.date(),
                instant(event["recorded"]) if "recorded" in event else None,
                event.get("quantity", 1),
                json.dumps(event["dimensions"]) if "dimensions" in event else None,
            ),
        )


def instant(value: str | datetime) -> datetime:
    """A UTC instant from ISO text."""
    parsed = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
