"""The lake: accepted usage events as Parquet, one file a load and UTC day of the events.

    <lake>/raw/usage__events/delivered_on=2026-10-28/occurred_on=2026-10-27/<load_id>.parquet

A file is written beside the lake, moved to its name when it is whole, and read by nobody until the transaction of its
load has put it on the list (``ops.lake_files``). A load that dies leaves at most a file that no list names; the same
load, tried again, writes over it. The columns are those of ``raw.usage__events``; the two days stand in the path.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.formats import strict_json
from ingestion.stores import Store, store_at
from warehouse.settings import get_settings

FOLDER = "raw/usage__events"
# Rows of a row group, and of all days together before the fullest one is written out: memory stays flat.
ROWS_A_GROUP = 122_880
MOST_ROWS_WAITING = 500_000
INSTANT = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        pa.field("load_id", pa.string(), nullable=False),
        pa.field("load_seq", pa.int64(), nullable=False),
        pa.field("line_no", pa.int64(), nullable=False),
        pa.field("known_at", INSTANT, nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("event_type", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("occurred_at", INSTANT, nullable=False),
        pa.field("recorded_at", INSTANT),
        pa.field("quantity", pa.decimal128(38, 9), nullable=False),
        pa.field("dimensions", pa.string()),
    ]
)


class LakeUnset(RuntimeError):
    """The lake lane is on and nothing says where the lake is."""


@dataclass(frozen=True, slots=True)
class LakeFile:
    """A finished file: its place below the root, the UTC day of its events, and what it is known by.

    ``version`` is what the store says of what the load wrote, None where it did not say it then. ``repeats`` are the
    events whose identity an earlier event of the file has; 0 is certain, None not known.
    """

    occurred_on: date
    path: str
    row_count: int
    size_bytes: int
    sha256: str
    version: str | None = None
    repeats: int | None = None


def lake() -> Store:
    """The store that TIEOUT_LAKE names. Raises LakeUnset without it, StoreFailed for a place of another kind."""
    place = get_settings().lake
    if place is None:
        raise LakeUnset("the lake lane needs TIEOUT_LAKE: a folder, s3://bucket/prefix or gs://bucket/prefix")
    if "://" not in place:
        Path(place).mkdir(parents=True, exist_ok=True)
    return store_at(place)


class LakeFiles:
    """The files of one load while they are written. ``append`` what is accepted, ``finish`` once, ``close`` always."""

    def __init__(self, store: Store, load_id: str, delivered_on: date) -> None:
        self._store = store
        self._load_id = load_id
        self._delivered_on = delivered_on
        self._folder = tempfile.TemporaryDirectory(prefix="tieout-lake-")
        self._waiting: dict[date, list[pa.Table]] = {}
        self._rows: dict[date, int] = {}
        self._written: dict[date, int] = {}
        self._files: dict[date, pq.ParquetWriter] = {}

    def append(self, events: pa.Table) -> None:
        """Take events with the columns of SCHEMA, ``occurred_on`` and ``identity_hash``."""
        events = events.set_column(
            events.schema.get_field_index("dimensions"), "dimensions", as_postgres_says(events.column("dimensions"))
        )
        for day in pc.unique(events.column("occurred_on")).to_pylist():
            rows = events.filter(pc.equal(events.column("occurred_on"), pa.scalar(day, pa.date32())))
            self._waiting.setdefault(day, []).append(rows.select(SCHEMA.names).cast(SCHEMA))
            with self._identities(day).open("ab") as identities:
                rows.column("identity_hash").to_numpy().tofile(identities)
            self._rows[day] = self._rows.get(day, 0) + rows.num_rows
            if self._rows[day] >= ROWS_A_GROUP:
                self._write(day)
        while sum(self._rows.values()) > MOST_ROWS_WAITING:
            self._write(max(self._rows, key=lambda day: self._rows[day]))

    def finish(self) -> list[LakeFile]:
        """Move the files to their names in the lake; who reads it finds them on the list alone."""
        for day in sorted(self._waiting):
            self._write(day)
        found = []
        for day, writer in sorted(self._files.items()):
            writer.close()
            path = self._path(day)
            key = f"{FOLDER}/delivered_on={self._delivered_on}/occurred_on={day}/{self._load_id}.parquet"
            with path.open("rb") as file:
                sha256, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
            version = self._store.put(key, path)
            found.append(LakeFile(day, key, self._written[day], size, sha256, version, self._repeats(day)))
        self._files.clear()
        return found

    def close(self) -> None:
        """Forget what was not finished."""
        for writer in self._files.values():
            writer.close()
        self._files.clear()
        self._folder.cleanup()

    def _write(self, day: date) -> None:
        parts = self._waiting.pop(day, [])
        count = self._rows.pop(day, 0)
        if not count:
            return
        if day not in self._files:
            self._files[day] = pq.ParquetWriter(self._path(day), SCHEMA, compression="zstd")
        self._files[day].write_table(pa.concat_tables(parts), row_group_size=ROWS_A_GROUP)
        self._written[day] = self._written.get(day, 0) + count

    def _repeats(self, day: date) -> int:
        hashes = np.fromfile(self._identities(day), np.uint64)
        hashes.sort()
        return int(np.count_nonzero(hashes[1:] == hashes[:-1]))

    def _path(self, day: date) -> Path:
        return Path(self._folder.name) / f"{day}.parquet"

    def _identities(self, day: date) -> Path:
        """Numbers of the identities of a file's events, on disk until the file is whole: memory stays flat."""
        return Path(self._folder.name) / f"{day}.identities"


def as_postgres_says(dimensions: pa.ChunkedArray) -> pa.ChunkedArray:
    """JSON objects as Postgres prints a jsonb, so that equal objects are equal texts on every engine."""
    encoded = dimensions.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    told = pa.array([jsonb_text(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([told.take(encoded.indices)], pa.string())


def jsonb_text(document: str) -> str:
    """One flat JSON object as Postgres prints it: shorter keys first, then by bytes; numbers written out."""
    fields = strict_json.parse(document)
    ordered = sorted(fields.items(), key=lambda field: (len(field[0].encode()), field[0].encode()))
    return "{" + ", ".join(f"{_scalar(name)}: {_scalar(value)}" for name, value in ordered) + "}"


def _scalar(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{abs(value) if value.is_zero() else value:f}"
    return json.dumps(value, ensure_ascii=False)
