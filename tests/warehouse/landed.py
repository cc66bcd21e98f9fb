"""A small landing folder for tests, and looks at what became of it."""

import json
from pathlib import Path

import psycopg

from ingestion.landing import discover, load_landing
from warehouse.digest import digest_tables

METERS = """meters:
  - {meter_code: calls, event_type: call, aggregation: sum, quantity_field: calls, dimensions: [region]}
  - {meter_code: docs, event_type: doc, aggregation: count}
"""
DAY = "2026-10-28"
SCHEMAS = ("raw", "quarantine", "ops")


def put(landing: Path, path: str, content: bytes | str, complete: bool = True) -> Path:
    """Write ``<landing>/<path>``; without a date in it the delivery is of DAY."""
    system, name, *rest = path.split("/")
    place = landing / system / name / "/".join(rest if len(rest) > 1 else [DAY, *rest])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content if isinstance(content, bytes) else content.encode())
    if complete:
        (place.parent / "_SUCCESS").touch()
    return place


def event(number: int, **changes) -> str:
    """One line of a usage file."""
    found = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "//api",
        "type": "call",
        "subject": "acc_1",
        "time": "2026-10-27T10:00:00Z",
        "data": {"calls": number, "region": "eu"},
        **changes,
    }
    return json.dumps(found) + "\n"


def small_landing(landing: Path) -> Path:
    """Files of several systems with good, repeated, bad, late and future records."""
    put(landing, "catalog/meters/meters.yaml", METERS)
    put(landing, "stripe/customers/a.jsonl", '{"id":"cus_1","balance":1.10}\n{"id":"cus_1","balance":1.10}\n{"id":\n')
    put(landing, "crm/Account/a.csv", "Id,Name,SystemModstamp\n001A0000006Vm9r,Acme,2026-10-01T00:00:00Z\n1,2,3\n")
    put(landing, "fx/rates/ecb.csv", "Date,USD,JPY\n2026-10-27,1.0850,161.2\n")
    lines = [event(number) for number in range(100)]
    late, future = event(1, time="2024-01-01T00:00:00Z"), event(1, time="2027-01-01T00:00:00Z")
    put(landing, "usage/events/u.jsonl", "".join([*lines, lines[5], late, future, event(1, type="x"), "nonsense\n"]))
    return landing


def only(landing: Path, path: str):
    """The delivery of this file."""
    (found,) = [delivery for delivery in discover(landing) if delivery.label.endswith(path)]
    return found


def query(url: str, statement: str, *parameters):
    """Rows of a query, as the login user."""
    with psycopg.connect(url) as connection:
        return connection.execute(statement, parameters).fetchall()


def digests(url: str) -> dict[str, str]:
    """Digests of everything a load writes."""
    with psycopg.connect(url) as connection:
        connection.execute("set timezone to 'UTC'")
        return digest_tables(connection, SCHEMAS, leave_out=["ops.migrations"])


def by_file(results) -> dict[str, tuple]:
    """Status and counts by file name."""
    return {
        one.file: (one.status, one.rows_in, one.accepted, one.duplicate, one.quarantined, one.late_excluded, one.reason)
        for one in results
    }


def load_all(landing: Path) -> dict[str, tuple]:
    """Load everything; what became of each file."""
    return by_file(load_landing(landing))
