"""Extracts for the benchmarks: one meter, a thousand accounts, and a fixed number of usage events a day.

Every day also repeats one event in a hundred of the day before (a producer that sends at least once) and brings one in
a hundred late, so that deduplication and touched keys have what they meet in life. The bytes depend on the arguments
alone.
"""

import hashlib
import itertools
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.json as pj
import pyarrow.parquet as pq

Form = Literal["jsonl", "parquet"]

ACCOUNTS = 1000
AT_ONCE = 100_000
FIRST_DAY = date(2026, 5, 1)
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Asia/Tokyo")
METER = {
    "meter_code": "api_calls",
    "event_type": "com.example.api_call",
    "name": "API calls",
    "unit": "call",
    "aggregation": "sum",
    "quantity_field": "quantity",
    "dimensions": ["region"],
}


# What a producer that writes Parquet declares: instants with their zone, and an exact quantity.
EVENT = pa.schema(
    [
        *((name, pa.string()) for name in ("specversion", "id", "source", "type", "subject")),
        *((name, pa.timestamp("us", "UTC")) for name in ("time", "recordedtime")),
        ("data", pa.struct([("quantity", pa.decimal128(18, 3)), ("region", pa.string())])),
    ]
)


def write_reference(landing: Path) -> None:
    """The catalogue's meter and the accounts, delivered on the first day."""
    day = FIRST_DAY.isoformat()
    meters = "meters:\n- " + "\n  ".join(f"{key}: {json.dumps(value)}" for key, value in METER.items()) + "\n"
    _deliver(landing / "catalog" / "meters" / day / "meters.yaml", meters.encode(), 1)
    accounts = [
        {
            "account_id": f"acc_{n:05d}",
            "created_at": "2026-01-01T00:00:00Z",
            "status": "active",
            "plan_code": "team",
            "timezone": ZONES[n % len(ZONES)],
            "country": "DE",
            "stripe_customer_id": f"cus_{n:05d}",
            "crm_account_id": None,
            "updated_at": "2026-01-01T00:00:00Z",
        }
        for n in range(ACCOUNTS)
    ]
    lines = "".join(json.dumps(account) + "\n" for account in accounts)
    _deliver(landing / "control_plane" / "accounts" / day / "accounts.jsonl", lines.encode(), ACCOUNTS)


def write_day(landing: Path, number: int, events: int, form: Form = "jsonl") -> Path:
    """The usage of day `number` (0 is the first) in one file of `events`, delivered the day after; its path."""
    day = FIRST_DAY + timedelta(days=number)
    path = landing / "usage" / "events" / (day + timedelta(days=1)).isoformat() / f"events.{form}"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = _lines(number, events)
    if form == "parquet":
        _write_parquet(path, lines)
    else:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(lines)
    _declare(path, events)
    return path


def _write_parquet(path: Path, lines: Iterator[str]) -> None:
    options = pj.ParseOptions(explicit_schema=EVENT)
    with pq.ParquetWriter(path, EVENT, compression="zstd") as writer:
        while some := "".join(itertools.islice(lines, AT_ONCE)):
            writer.write_table(pj.read_json(pa.BufferReader(some.encode()), parse_options=options))


def _lines(number: int, events: int) -> Iterator[str]:
    hundredth = events // 100
    yesterday = max(number - 1, 0)
    late = hundredth if number else 0
    for n in range(hundredth if number else 0):
        yield _event(yesterday, n, yesterday)
    for n in range(late):
        yield _event(yesterday, n, number, "late")
    for n in range(events - 2 * late):
        yield _event(number, n, number)


def _event(day_of_use: int, n: int, day_of_record: int, kind: str = "e") -> str:
    used = (FIRST_DAY + timedelta(days=day_of_use)).isoformat()
    recorded = (FIRST_DAY + timedelta(days=day_of_record)).isoformat()
    second = (n * 7919) % 86_400
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"
    return (
        f'{{"specversion":"1.0","id":"{kind}-{day_of_use}-{n}","source":"/gateway","type":"{METER["event_type"]}",'
        f'"subject":"acc_{n % ACCOUNTS:05d}","time":"{used}T{clock}","recordedtime":"{recorded}T{clock}",'
        f'"data":{{"quantity":{n % 97 + 1},"region":"r{n % 5}"}}}}\n'
    )


def _deliver(path: Path, body: bytes, rows: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    _declare(path, rows)


def _declare(path: Path, rows: int) -> None:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    path.with_name(f"{path.name}.manifest.json").write_text(json.dumps({"rows": rows, "sha256": sha256}), "utf-8")
