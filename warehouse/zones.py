"""Time zones as data: every offset of every IANA zone, from the pinned tzdata package, the same for every engine.

A bill says which day an event belongs to. Asked of the operating system, of a database and of a cluster, that question
meets three copies of the zone database in three versions; asked of these rows, it has one answer.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pyarrow as pa
import tzdata

# Half-open: what a warehouse holds lies in here, see ops.ensure_usage_partition().
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(2200, 1, 1, tzinfo=UTC)
VERSION = tzdata.IANA_VERSION
# Between two probes of a rule that repeats every year: its two stretches last months.
STEP = timedelta(days=28)
SECOND = timedelta(seconds=1)
HELD = "select version from ops.tz_version"
COPY = "copy ops.tz_transitions (zone, from_utc, to_utc, utc_offset) from stdin"
HEADER = struct.Struct(">4sc15x6l")
SCHEMA = pa.schema(
    [
        pa.field("zone", pa.string(), nullable=False),
        pa.field("from_utc", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("to_utc", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("utc_offset", pa.int32(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a zone is ahead of UTC, in seconds, from one instant (inclusive) to another (exclusive)."""

    from_utc: datetime
    to_utc: datetime
    utc_offset: int


def names() -> list[str]:
    """Every zone that the pinned tzdata knows, links included, in order."""
    listed = resources.files("tzdata").joinpath("zones").read_text("utf-8")
    return sorted(listed.split())


def stretches(zone: str) -> tuple[Stretch, ...]:
    """The offsets of a zone over [FIRST, END): without gap or overlap, neighbours differ.

    Raises KeyError for a zone that the database does not know.
    """
    if zone not in names():
        raise KeyError(zone)
    return _stretches(_file(zone).read_bytes())


def transitions_table() -> pa.Table:
    """Every stretch of every zone: zone, from_utc, to_utc, utc_offset."""
    rows = [(zone, one) for zone in names() for one in _stretches(_file(zone).read_bytes())]
    return pa.table(
        {
            "zone": [zone for zone, _ in rows],
            "from_utc": [one.from_utc for _, one in rows],
            "to_utc": [one.to_utc for _, one in rows],
            "utc_offset": [one.utc_offset for _, one in rows],
        },
        schema=SCHEMA,
    )


def fill(connection: psycopg.Connection[Any]) -> bool:
    """Make ops.tz_transitions hold the pinned tzdata; whether it did not before. One transaction."""
    if connection.execute(HELD).fetchone() == (VERSION,):
        return False
    with connection.transaction():
        connection.execute("set local role tieout_owner")
        connection.execute("lock table ops.tz_version in exclusive mode")
        connection.execute("delete from ops.tz_transitions")
        connection.execute("delete from ops.tz_version")
        with connection.cursor().copy(COPY) as copy:
            for zone in names():
                for one in _stretches(_file(zone).read_bytes()):
                    copy.write_row((zone, one.from_utc, one.to_utc, one.utc_offset))
        connection.execute("insert into ops.tz_version (version) values (%s)", (VERSION,))
        connection.execute("analyze ops.tz_transitions")
    return True


def _file(zone: str) -> Traversable:
    return resources.files("tzdata").joinpath("zoneinfo", *zone.split("/"))


@cache
def _stretches(content: bytes) -> tuple[Stretch, ...]:
    """The stretches that a TZif file says; many names are links to one file."""
    zone = _zone(content)
    listed = [instant for instant in _listed(content) if FIRST < instant < END]
    begins = [FIRST, *listed]
    begins += [instant for instant in _ruled(content[content.rindex(b"\n", 0, -1) :]) if instant > begins[-1]]
    found: list[Stretch] = []
    for begin, end in zip(begins, [*begins[1:], END], strict=True):
        offset = _offset(zone, begin)
        if found and found[-1].utc_offset == offset:
            found[-1] = Stretch(found[-1].from_utc, end, offset)
        else:
            found.append(Stretch(begin, end, offset))
    return tuple(found)


def _zone(content: bytes) -> ZoneInfo:
    return ZoneInfo.from_file(io.BytesIO(content))


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101  a ZoneInfo always has one
    return offset // SECOND


def _listed(content: bytes) -> Iterator[datetime]:
    """The instants that the second block of a TZif file (RFC 8536) lists."""
    _, _, *counts = HEADER.unpack_from(content)
    start = HEADER.size + _length(counts, 4)
    _, _, *counts = HEADER.unpack_from(content, start)
    times = struct.unpack_from(f">{counts[3]}q", content, start + HEADER.size)
    earliest = FIRST.timestamp()
    return (FIRST + timedelta(seconds=seconds) for seconds in times if seconds > earliest)


def _length(counts: list[int], width: int) -> int:
    universal, standard, leaps, times, types, letters = counts
    return times * (width + 1) + types * 6 + letters + leaps * (width + 4) + standard + universal


@cache
def _ruled(last_line: bytes) -> tuple[datetime, ...]:
    """The changes in [FIRST, END) by the rule that a file ends with, which holds after the last listed one.

    They are found in a file that holds this rule alone, since every zone with the rule shares them.
    """
    if b"," not in last_line:
        return ()
    block = HEADER.pack(b"TZif", b"2", 0, 0, 0, 0, 1, 1) + bytes(7)
    zone = _zone(block + block + last_line)
    found = []
    before, offset = FIRST, _offset(zone, FIRST)
    while before < END:
        after = min(before + STEP, END)
        if _offset(zone, after) != offset:
            found.append(_halved(zone, before, after))
            offset = _offset(zone, after)
        before = after
    return tuple(found)


def _halved(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second after ``before`` with the offset of ``after``."""
    offset = _offset(zone, before)
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after
