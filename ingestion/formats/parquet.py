"""Parquet documents: one record a row, decimals exact, types of the file kept as JSON values."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.formats import strict_json
from ingestion.formats.streams import Source
from ingestion.formats.strict_csv import Header
from ingestion.records import BadRecord, FileRefused, Record, Reject

READ_BYTES = 1 << 20
ROWS_AT_ONCE = 8192


def open_file(source: Source) -> pq.ParquetFile:
    """The file, opened. Raises FileRefused ``format`` when it is no whole Parquet file."""
    if source.packing:
        raise FileRefused("format", f"{source.label}: Parquet packs by itself; deliver it without {source.packing}")
    try:
        # read ahead, it would keep every byte of the file until its end
        return pq.ParquetFile(source.path, pre_buffer=False, buffer_size=READ_BYTES)
    except (pa.ArrowException, OSError) as error:
        raise FileRefused("format", f"{source.label} is no whole Parquet file: {error}") from error


def read(source: Source, check_header: Header) -> Iterator[Record | Reject]:
    """Every row. Dates and times become ISO texts (UTC where a zone is set), decimals JSON numbers with all digits."""
    with open_file(source) as file:
        check_header(list(file.schema_arrow.names))
        place = 0
        try:
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, use_threads=False):
                for row in batch.to_pylist():
                    place += 1
                    yield _record(source, place, row)
        except pa.ArrowException as error:
            raise FileRefused("format", f"{source.label} is damaged after row {place}: {error}") from error


def _record(source: Source, place: int, row: dict[str, Any]) -> Record | Reject:
    try:
        fields = {name: _plain(value) for name, value in row.items()}
        strict_json.check_text(fields)
        return Record(place, fields, strict_json.dump(fields))
    except BadRecord as bad:
        return Reject(place, bad.reason, f"{source.label} row {place}: {bad.detail}", ascii(row))


def _plain(value: Any) -> Any:  # noqa: PLR0911  one line a type
    if isinstance(value, float):
        if not math.isfinite(value):
            raise BadRecord("not_a_number", f"{value} is no number; a missing number is null")
        return Decimal(repr(value))  # the shortest text that means this double, digit for digit
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, (bool, int, str, Decimal)):
        return value
    return str(value)
