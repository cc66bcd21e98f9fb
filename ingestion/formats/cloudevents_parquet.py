"""Usage events in Parquet: a column per CloudEvents attribute, ``data`` as a struct or as JSON text.

Times may be texts (RFC 3339) or timestamps with a zone; quantities whole numbers, decimals or texts. A quantity in
floating point is refused: 0.1 is not in it. Rows of which the column path is not sure are read by the rules of a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.formats import parquet, strict_json
from ingestion.formats.cloudevents import (
    ATTRIBUTES,
    INSTANT,
    QUANTITY,
    REQUIRED,
    SCHEMA,
    TIMES,
    ColumnReader,
    Decoded,
    Event,
    assembled,
    strict_event,
    withheld,
)
from ingestion.formats.streams import Source
from ingestion.meters import MeterBook
from ingestion.records import BadRecord, FileRefused, Reject

ROWS_AT_ONCE = 32_768


def read(source: Source, book: MeterBook) -> Iterator[Decoded]:
    """The events, a batch of rows at a time. Raises FileRefused ``schema`` for missing columns and float quantities."""
    columns = ColumnReader(book)
    with parquet.open_file(source) as file:
        schema = file.schema_arrow
        missing = [name for name in (*REQUIRED, "specversion") if name not in schema.names]
        if missing:
            raise FileRefused("schema", f"{source.label} lacks the column {missing[0]!r} of CloudEvents")
        _check_quantities(source, schema, book)
        wanted = [name for name in (*ATTRIBUTES, "data") if name in schema.names]
        place = 0
        try:
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=wanted, use_threads=False):
                yield _batch(source, batch, columns, book, place)
                place += batch.num_rows
        except pa.ArrowException as error:
            raise FileRefused("format", f"{source.label} is damaged after row {place}: {error}") from error


def _check_quantities(source: Source, schema: pa.Schema, book: MeterBook) -> None:
    data = schema.field("data").type if "data" in schema.names else None
    if data is None or not pa.types.is_struct(data):
        return
    wanted = {meter.quantity_field for meter in book.values()}
    for index in range(data.num_fields):
        if data.field(index).name in wanted and pa.types.is_floating(data.field(index).type):
            raise FileRefused(
                "schema",
                f"{source.label}: data.{data.field(index).name} is floating point, which holds no exact quantity; "
                "write decimal or text",
            )


def _batch(source: Source, batch: pa.RecordBatch, columns: ColumnReader, book: MeterBook, before: int) -> Decoded:
    places = pa.array(np.arange(before + 1, before + batch.num_rows + 1, dtype=np.int64))
    sure: Any = None
    found: list[Any] = []
    if columns.usable:
        try:
            found, sure = columns.read(_as_parsed(batch, columns.schema))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError):
            sure = None
    if sure is None:
        return _one_by_one(source, batch, range(batch.num_rows), book, before)
    events = pa.Table.from_arrays([places, *found], schema=SCHEMA)
    doubtful = np.flatnonzero(~np.asarray(sure)).tolist()
    if not doubtful:
        return Decoded(events)
    rest = _one_by_one(source, batch, doubtful, book, before)
    joined = pa.concat_tables([events.filter(sure), rest.events]).sort_by("line_no")
    return Decoded(joined, rest.rejects)


def _as_parsed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """The batch with the types the column path reads. Raises ArrowInvalid for values that do not fit exactly."""
    arrays = {}
    for field in schema:
        if field.name == "data":
            found = _data(batch.column("data") if "data" in batch.schema.names else None, field.type, len(batch))
        elif field.name in batch.schema.names:
            found = _attribute(batch.column(field.name), is_time=field.name in TIMES)
        else:
            found = pa.nulls(len(batch), pa.string())
        arrays[field.name] = found
    return pa.table(arrays)


def _attribute(column: pa.Array, *, is_time: bool) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if is_time and pa.types.is_timestamp(column.type):
        if column.type.tz is None:
            raise pa.ArrowInvalid("a time without zone")
        return pc.cast(column, INSTANT)  # refuses to cut nanoseconds that are there
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise pa.ArrowInvalid("an attribute that is no text")
    return column.cast(pa.string())


def _data(column: pa.Array | None, wanted: pa.DataType, count: int) -> pa.Array:
    if column is None:
        return pa.nulls(count, wanted)
    if not pa.types.is_struct(column.type):
        raise pa.ArrowInvalid("data is no struct")
    parts = dict(
        zip([column.type.field(index).name for index in range(column.type.num_fields)], column.flatten(), strict=True)
    )
    children = []
    for index in range(wanted.num_fields):
        field = wanted.field(index)
        part = parts.get(field.name)
        if part is None:
            part = pa.nulls(count, field.type)
        elif pa.types.is_dictionary(part.type):
            part = part.dictionary_decode()
        if field.type == QUANTITY:
            if pa.types.is_floating(part.type) or pa.types.is_boolean(part.type):
                raise pa.ArrowInvalid("a quantity that is no exact number")
        elif part.type != pa.null() and not (pa.types.is_string(part.type) or pa.types.is_large_string(part.type)):
            raise pa.ArrowInvalid("a dimension that is no text")
        children.append(part.cast(field.type))
    return pa.StructArray.from_arrays(children, fields=[wanted.field(index) for index in range(wanted.num_fields)])


def _one_by_one(source: Source, batch: pa.RecordBatch, rows: Any, book: MeterBook, before: int) -> Decoded:
    lines: list[int] = []
    events: list[Event] = []
    rejects: list[Reject] = []
    for index in rows:
        place = before + index + 1
        value: Any = None
        try:
            value = _value(batch.slice(index, 1).to_pylist()[0])
            events.append(strict_event(value, book))
            lines.append(place)
        except BadRecord as bad:
            rejects.append(
                Reject(place, bad.reason, f"{source.label} row {place}: {bad.detail}", withheld(value, book))
            )
    return Decoded(assembled(lines, events), rejects)


def _value(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the JSON event it stands for."""
    value: dict[str, Any] = {}
    for name, inner in row.items():
        if isinstance(inner, datetime):
            if inner.tzinfo is None:
                raise BadRecord("bad_time", f"{name!r} has no zone; write it in UTC")
            value[name] = inner.astimezone(UTC).isoformat().replace("+00:00", "Z")
        elif inner is not None:
            value[name] = inner
    if isinstance(value.get("data"), str):
        value["data"] = strict_json.parse(value["data"])
    strict_json.check_text(value)
    return value
