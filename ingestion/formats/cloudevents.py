"""Usage events as CloudEvents 1.0: the strict reading of one record, and the same in columns for blocks of clean lines.

The reading of a record is defined by ``strict_event``. The column path takes only lines whose reading it is sure of;
every other line goes through ``strict_event``, so the outcome does not depend on the path.

An accepted event has the columns of SCHEMA. Only declared fields are in them: the quantity (exact, at most 29 digits
before and 9 after the point, in the meter's unit) and the dimensions of its meter, as one JSON object or null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from ingestion.formats import strict_json
from ingestion.formats.lines import BOM, FOREIGN_BOMS, MAX_LINE_BYTES, strict_text
from ingestion.formats.streams import Source
from ingestion.meters import Meter, MeterBook
from ingestion.records import BadRecord, FileRefused, Reject
from ingestion.timestamps import FIRST, LAST, rfc3339

INSTANT = pa.timestamp("us", "UTC")
QUANTITY = pa.decimal128(38, 9)
SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("source", pa.string()),
        ("event_id", pa.string()),
        ("event_type", pa.string()),
        ("subject", pa.string()),
        ("occurred_at", INSTANT),
        ("recorded_at", INSTANT),
        ("quantity", QUANTITY),
        ("dimensions", pa.string()),
    ]
)
REQUIRED = ("id", "source", "type", "subject", "time")
ATTRIBUTES = ("specversion", *REQUIRED, "recordedtime", "datacontenttype", "dataschema")
TIMES = ("time", "recordedtime")
LONGEST_ATTRIBUTE = 1024
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
NINE_PLACES = Decimal("1e-9")
WIDE = Context(prec=38, traps=[InvalidOperation])
EXACTLY = Context(prec=38, traps=[Inexact, InvalidOperation])
BLOCK_BYTES = 4 << 20
MOST_LINES = 1 << 16
# Shorter runs of lines are not worth another try in columns when one of them is bad.
FEWEST_LINES = 64
# The column parser recurses into nested values; a line this short cannot nest deep enough to matter.
LONGEST_COLUMN_LINE = 16 << 10
CLEAN_TIME = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)


@dataclass(slots=True)
class Decoded:
    """A part of a file: its accepted events (SCHEMA, by line) and its rejects."""

    events: pa.Table
    rejects: list[Reject] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Event:
    """One accepted event, in the order of SCHEMA without the line."""

    source: str
    event_id: str
    event_type: str
    subject: str
    occurred_at: datetime
    recorded_at: datetime | None
    quantity: Decimal
    dimensions: str | None


def strict_event(value: Any, book: MeterBook) -> Event:
    """The event in a parsed JSON value. Raises BadRecord with the first thing that is wrong."""
    if not isinstance(value, dict):
        raise BadRecord("not_an_object", "an event is a JSON object")
    for name in REQUIRED:
        found = value.get(name)
        if not isinstance(found, str) or not found:
            raise BadRecord("missing_attribute", f"the attribute {name!r} is missing, empty or no text")
        if len(found) > LONGEST_ATTRIBUTE:
            raise BadRecord("bad_attribute", f"the attribute {name!r} has more than {LONGEST_ATTRIBUTE} characters")
    if value.get("specversion") != "1.0":
        raise BadRecord("specversion", 'specversion must be "1.0", the CloudEvents version read here')
    occurred_at = rfc3339(value["time"])
    recorded = value.get("recordedtime")
    recorded_at = None if recorded is None else rfc3339(recorded)
    meter = book.get(value["type"])
    if meter is None:
        raise BadRecord(
            "unknown_meter", f"no meter of the catalogue has the event_type {value['type']!r}; declare it there"
        )
    data = value.get("data")
    if data is not None and not isinstance(data, dict):
        raise BadRecord("bad_data", "the attribute 'data' must be a JSON object")
    return Event(
        source=value["source"],
        event_id=value["id"],
        event_type=value["type"],
        subject=value["subject"],
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        quantity=_quantity(meter, data or {}),
        dimensions=_dimensions(meter, data or {}),
    )


def withheld(value: Any, book: MeterBook) -> str:
    """What quarantine may keep of a parsed event: its known attributes and the declared fields of its meter.

    The count of fields that were left out stands beside them. Of what is no object nothing is kept.
    """
    if not isinstance(value, dict):
        return "[withheld: not an event, and it may hold personal data; the delivered file has it]"
    kept: dict[str, Any] = {
        name: value[name][:LONGEST_ATTRIBUTE] for name in ATTRIBUTES if isinstance(value.get(name), str)
    }
    left_out = sum(name not in kept and name != "data" for name in value)
    data = value.get("data")
    meter = book.get(value["type"]) if isinstance(value.get("type"), str) else None
    allowed = {*meter.dimensions, meter.quantity_field} if meter else set()
    if isinstance(data, dict):
        scalars = {
            name: inner for name, inner in data.items() if name in allowed and not isinstance(inner, (dict, list))
        }
        left_out += len(data) - len(scalars)
        kept["data"] = scalars
    elif data is not None:
        left_out += 1
    return strict_json.dump({**kept, "withheld_fields": left_out})


def withheld_bytes(line: bytes) -> str:
    """What quarantine keeps of a line that cannot be parsed: nothing but its size, since it may hold personal data."""
    return f"[withheld: {len(line)} bytes that are no event and may hold personal data; the delivered file has them]"


def read_lines(source: Source, book: MeterBook) -> Iterator[Decoded]:
    """The events of a file of JSON lines, block by block; a line may also be a batch, a JSON array of events."""
    reader = _LineReader(source, book)
    with source.open() as stream:
        rest = b""
        first = True
        while block := stream.read(BLOCK_BYTES):
            if first:
                if block.startswith(FOREIGN_BOMS):
                    raise FileRefused("encoding", f"{source.label} is UTF-16; write it as UTF-8")
                block, first = block.removeprefix(BOM), False
            end = block.rfind(b"\n") + 1
            if not end:
                rest += block
                if len(rest) > MAX_LINE_BYTES:
                    raise FileRefused(
                        "line_too_long", f"{source.label} has a line of more than {MAX_LINE_BYTES >> 20} MB"
                    )
                continue
            for some in _runs(rest + block[:end]):
                yield reader.block(some)
            rest = block[end:]
        if rest:
            yield reader.block(rest + b"\n")


def read_document(source: Source, book: MeterBook) -> Iterator[Decoded]:
    """The events of a file that is one JSON document: an event, or a batch of them."""
    content = source.whole().removeprefix(BOM)
    try:
        value = strict_json.parse(strict_text(content))
    except BadRecord as bad:
        raise FileRefused(
            "format", f"{source.label} is one document and cannot be read: {bad.reason}, {bad.detail}"
        ) from bad
    reader = _LineReader(source, book)
    yield reader.values(1, value if isinstance(value, list) else [value])


def assembled(lines: Iterable[int], events: Iterable[Event]) -> pa.Table:
    """Events read one by one, as columns."""
    found = list(events)
    columns = [
        list(lines),
        *([getattr(event, name) for event in found] for name in SCHEMA.names if name != "line_no"),
    ]
    return pa.Table.from_arrays(
        [pa.array(column, kind.type) for column, kind in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


class ColumnReader:
    """Turns parsed columns of events into SCHEMA and says of which rows it is sure."""

    def __init__(self, book: MeterBook) -> None:
        self._book = book
        quantities = {meter.quantity_field for meter in book.values() if meter.quantity_field}
        self.dimensions = sorted({name for meter in book.values() for name in meter.dimensions})
        # A field that is a quantity here and a dimension there has no one type; such a book is read line by line.
        self.usable = bool(book) and not quantities & set(self.dimensions)
        data = [(name, QUANTITY) for name in sorted(quantities)] + [(name, pa.string()) for name in self.dimensions]
        fields = [(name, pa.string()) for name in ATTRIBUTES]
        self.schema = pa.schema([*fields, ("data", pa.struct(data))] if data else fields)
        self._fragments: dict[tuple[str, str], str] = {}

    def read(self, table: pa.Table) -> tuple[list[pa.Array], pa.BooleanArray]:
        """The columns of SCHEMA without the line, and a mask of the rows that are sure.

        Raises pa.ArrowInvalid when a time does not exist (30 February); the caller then reads line by line.
        """
        columns = {name: _flat(table.column(name)) for name in ATTRIBUTES}
        sure = pc.equal(columns["specversion"], "1.0")
        for name in ("id", "source", "subject"):
            length = pc.utf8_length(columns[name])
            sure = pc.and_(sure, pc.and_(pc.greater(length, 0), pc.less_equal(length, LONGEST_ATTRIBUTE)))
        occurred_at, times_sure = _instants(columns["time"], required=True)
        recorded_at, recorded_sure = _instants(columns["recordedtime"], required=False)
        quantity, dimensions, meter_sure = self._metered(table, columns["type"])
        for mask in (times_sure, recorded_sure, meter_sure):
            sure = pc.and_(sure, mask)
        found = [columns["source"], columns["id"], columns["type"], columns["subject"], occurred_at, recorded_at]
        return [*found, quantity, dimensions], pc.fill_null(sure, False)  # noqa: FBT003  the value to fill in

    def _metered(self, table: pa.Table, types: pa.Array) -> tuple[pa.Array, pa.Array, pa.BooleanArray]:
        count = len(types)
        data = _flat(table.column("data")) if "data" in table.schema.names else None
        names = [] if data is None else [data.type.field(index).name for index in range(data.type.num_fields)]
        parts = {} if data is None else dict(zip(names, data.flatten(), strict=True))
        encoded = types.dictionary_encode()
        quantity, dimensions = pa.nulls(count, QUANTITY), pa.nulls(count, pa.string())
        known = [self._book.get(name) for name in encoded.dictionary.to_pylist()]
        for code, meter in enumerate(known):
            if meter is None:
                continue
            of_meter = None if len(known) == 1 and encoded.null_count == 0 else pc.equal(encoded.indices, code)
            amount = (
                pa.repeat(pa.scalar(Decimal(1), QUANTITY), count)
                if meter.quantity_field is None
                else _declared(meter, parts[meter.quantity_field])
            )
            described = self._described(meter, parts)
            if of_meter is None:
                quantity, dimensions = amount, described if described is not None else dimensions
                continue
            quantity = pc.if_else(of_meter, amount, quantity)
            if described is not None:
                dimensions = pc.if_else(of_meter, described, dimensions)
        return quantity, dimensions, pc.is_valid(quantity)

    def _described(self, meter: Meter, parts: dict[str, pa.Array]) -> pa.Array | None:
        """The dimensions of every row as JSON text, null where the row has none of them."""
        fragments = [self._fragment(name, parts[name]) for name in meter.dimensions]
        if not fragments:
            return None
        joined = fragments[0]
        for fragment in fragments[1:]:
            joined = pc.coalesce(pc.binary_join_element_wise(joined, fragment, ","), joined, fragment)
        return pc.binary_join_element_wise("{", joined, "}", "")

    def _fragment(self, name: str, values: pa.Array) -> pa.Array:
        """``"name":"value"`` of every row; each distinct value is written once."""
        encoded = values.dictionary_encode()
        written = [
            None if value is None else f"{json.dumps(name, ensure_ascii=False)}:{json.dumps(value, ensure_ascii=False)}"
            for value in encoded.dictionary.to_pylist()
        ]
        return pc.take(pa.array(written, pa.string()), encoded.indices)


class _LineReader:
    """Reads blocks of whole lines, counting lines on from block to block."""

    def __init__(self, source: Source, book: MeterBook) -> None:
        self._source = source
        self._book = book
        self._columns = ColumnReader(book)
        self._unexpected = "error"
        self._line_no = 0  # lines read so far
        self._place = 0  # the place given last

    def block(self, content: bytes) -> Decoded:
        """The events of ``content``, which ends with a line end."""
        if content.isspace():
            self._line_no += content.count(b"\n")
            return Decoded(SCHEMA.empty_table())
        if b"\r" in content:
            content = content.replace(b"\r\n", b"\n")
        ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n")).astype(np.int64) + 1
        starts = np.concatenate(([0], ends[:-1]))
        found = self._range(content, starts, ends, 0, len(ends))
        self._line_no += len(ends)
        return _together(found)

    def values(self, line_no: int, values: list[Any]) -> Decoded:
        """The events of already parsed values."""
        lines: list[int] = []
        events: list[Event] = []
        rejects: list[Reject] = []
        for value in values:
            self._place = max(self._place + 1, line_no)
            self._value(self._place, line_no, value, lines=lines, events=events, rejects=rejects)
        return Decoded(assembled(lines, events), rejects)

    def _range(
        self, content: bytes, starts: np.ndarray[Any, Any], ends: np.ndarray[Any, Any], first: int, last: int
    ) -> list[Decoded]:
        """Lines [first, last) of a block. A run that is not clean is halved, until its bad lines stand nearly alone."""
        if last - first >= FEWEST_LINES and self._columns.usable:
            table = self._parsed(content, starts[first:last], ends[first:last])
            if table is not None:
                try:
                    return self._from_columns(table, content, starts, ends, first)
                except pa.ArrowInvalid:
                    pass
            middle = (first + last) // 2
            return [
                *self._range(content, starts, ends, first, middle),
                *self._range(content, starts, ends, middle, last),
            ]
        return [self._one_by_one(content, starts, ends, range(first, last))]

    def _parsed(self, content: bytes, starts: np.ndarray[Any, Any], ends: np.ndarray[Any, Any]) -> pa.Table | None:
        """The columns of a run of lines, or None unless every line is one object and nothing in it is doubtful."""
        count = len(starts)
        lengths = ends - starts
        octets = np.frombuffer(content, np.uint8)
        if lengths.max() > LONGEST_COLUMN_LINE or lengths.min() < len("{}\n"):
            return None
        # A line that ends with } and one that begins with { meet between two objects, never within one: the parser's
        # rows are our lines when there are as many.
        if not ((octets[starts] == ord("{")).all() and (octets[ends - 2] == ord("}")).all()):
            return None
        run = content if count and starts[0] == 0 and ends[-1] == len(content) else content[starts[0] : ends[-1]]
        if b"\x00" in run or (b"\\" in run and b"\\u0000" in run) or not _is_utf8(run):
            return None
        table = self._json(run, self._unexpected)
        if table is None and self._unexpected == "error" and b"NaN" not in run and b"Infinity" not in run:
            table = self._json(run, "infer")
            if table is not None:
                self._unexpected = "infer"
        elif self._unexpected == "infer" and (b"NaN" in run or b"Infinity" in run):
            return None
        return table if table is not None and table.num_rows == count else None

    def _json(self, run: bytes, unexpected: str) -> pa.Table | None:
        """Undeclared fields make it fail (``error``), or are parsed and left (``infer``), which tells repeated keys."""
        try:
            return pj.read_json(
                pa.BufferReader(run),
                read_options=pj.ReadOptions(use_threads=False, block_size=len(run) + 1),
                parse_options=pj.ParseOptions(
                    explicit_schema=self._columns.schema, newlines_in_values=False, unexpected_field_behavior=unexpected
                ),
            )
        except pa.ArrowException:
            return None

    def _from_columns(
        self, table: pa.Table, content: bytes, starts: np.ndarray[Any, Any], ends: np.ndarray[Any, Any], first: int
    ) -> list[Decoded]:
        columns, sure = self._columns.read(table)
        count = table.num_rows
        line_no = self._line_no + first + 1
        place = max(self._place + 1, line_no)
        places = pa.array(np.arange(place, place + count, dtype=np.int64))
        events = pa.Table.from_arrays([places, *columns], schema=SCHEMA)
        doubtful = np.flatnonzero(~np.asarray(sure))
        if not len(doubtful):
            self._place = place + count - 1
            return [Decoded(events)]
        found = [Decoded(events.filter(sure))]
        for index in doubtful.tolist():
            # A line that parsed as one object stays one record, so its place is known.
            self._place = place + index - 1
            found.append(self._one_by_one(content, starts, ends, range(first + index, first + index + 1)))
        self._place = place + count - 1
        return found

    def _one_by_one(
        self, content: bytes, starts: np.ndarray[Any, Any], ends: np.ndarray[Any, Any], numbers: range
    ) -> Decoded:
        lines: list[int] = []
        events: list[Event] = []
        rejects: list[Reject] = []
        for number in numbers:
            line = content[starts[number] : ends[number]]
            if line.isspace():
                continue
            line_no = self._line_no + number + 1
            try:
                value = strict_json.parse(strict_text(line))
            except BadRecord as bad:
                self._place = max(self._place + 1, line_no)
                # A key is not repeated here: who can choose it can hide an address in it.
                said = "a key stands twice in one object" if bad.reason == "duplicate_key" else bad.detail
                detail = f"{self._source.at(line_no)}: {said}"
                rejects.append(Reject(self._place, bad.reason, detail, withheld_bytes(line)))
                continue
            for item in value if isinstance(value, list) else [value]:
                self._place = max(self._place + 1, line_no)
                self._value(self._place, line_no, item, lines=lines, events=events, rejects=rejects)
        return Decoded(assembled(lines, events), rejects)

    def _value(
        self, place: int, line_no: int, value: Any, *, lines: list[int], events: list[Event], rejects: list[Reject]
    ) -> None:
        try:
            event = strict_event(value, self._book)
        except BadRecord as bad:
            record_id = _record_id(value)
            detail = f"{self._source.at(line_no)}: {bad.detail}"
            rejects.append(Reject(place, bad.reason, detail, withheld(value, self._book), record_id))
            return
        lines.append(place)
        events.append(event)


def _runs(content: bytes) -> Iterator[bytes]:
    """Whole lines in runs that are never many lines: each may become a reject, which is larger than a short line."""
    if content.count(b"\n") <= MOST_LINES:
        yield content
        return
    ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n")) + 1
    start = 0
    for end in [*ends[MOST_LINES - 1 :: MOST_LINES].tolist(), len(content)]:
        if end > start:
            yield content[start:end]
        start = end


def _together(parts: list[Decoded]) -> Decoded:
    """The parts of a block as one, by line."""
    tables = [part.events for part in parts if part.events.num_rows]
    rejects = [reject for part in parts for reject in part.rejects]
    if not tables:
        return Decoded(SCHEMA.empty_table(), rejects)
    events = tables[0] if len(tables) == 1 else pa.concat_tables(tables).sort_by("line_no")
    return Decoded(events, rejects)


def _quantity(meter: Meter, data: dict[str, Any]) -> Decimal:
    if meter.quantity_field is None:
        return Decimal(1)
    value = data.get(meter.quantity_field)
    if value is None:
        raise BadRecord(
            "missing_quantity", f"data has no {meter.quantity_field!r}, which is the quantity of this meter"
        )
    text = str(value)
    if isinstance(value, (bool, dict, list)) or not NUMBER.fullmatch(text):
        raise BadRecord("bad_quantity", f"{meter.quantity_field!r} is no finite decimal number in ASCII digits")
    try:
        quantity = Decimal(text).quantize(NINE_PLACES, context=EXACTLY)
    except (Inexact, InvalidOperation) as error:
        raise BadRecord(
            "bad_quantity", f"{meter.quantity_field!r} has more than 29 digits before or 9 after the point"
        ) from error
    _check_bounds(meter, quantity)
    return quantity


def _check_bounds(meter: Meter, quantity: Decimal) -> None:
    """Raise BadRecord when the meter declares that there is no such quantity of it."""
    if meter.minimum is not None and quantity < meter.minimum:
        raise BadRecord(
            "bad_quantity", f"{meter.quantity_field!r} is below {meter.minimum}, the minimum_quantity of the meter"
        )
    if meter.maximum is not None and quantity > meter.maximum:
        raise BadRecord(
            "bad_quantity", f"{meter.quantity_field!r} is above {meter.maximum}, the maximum_quantity of the meter"
        )
    if meter.decimals is not None and quantity != quantity.quantize(Decimal(1).scaleb(-meter.decimals), context=WIDE):
        raise BadRecord(
            "bad_quantity",
            f"{meter.quantity_field!r} has more than {meter.decimals} decimals, the quantity_decimals of the meter",
        )


def _declared(meter: Meter, quantities: pa.Array) -> pa.Array:
    """The same of many quantities: those that are none of the meter become null, so that no row of them is sure."""
    if (meter.minimum, meter.maximum, meter.decimals) == (None, None, None):
        return quantities
    within = pc.is_valid(quantities)
    if meter.minimum is not None:
        within = pc.and_(within, pc.greater_equal(quantities, pa.scalar(meter.minimum, quantities.type)))
    if meter.maximum is not None:
        within = pc.and_(within, pc.less_equal(quantities, pa.scalar(meter.maximum, quantities.type)))
    if meter.decimals is not None:
        within = pc.and_(within, pc.equal(quantities, pc.round(quantities, meter.decimals)))
    return pc.if_else(within, quantities, pa.scalar(None, quantities.type))


def _dimensions(meter: Meter, data: dict[str, Any]) -> str | None:
    found = {name: data[name] for name in meter.dimensions if data.get(name) is not None}
    for name, value in found.items():
        if isinstance(value, (dict, list)):
            raise BadRecord("bad_dimension", f"the dimension {name!r} is no single value")
    return strict_json.dump(found) if found else None


def _record_id(value: Any) -> str | None:
    if isinstance(value, dict) and isinstance(value.get("source"), str) and isinstance(value.get("id"), str):
        return f"{value['source'][:LONGEST_ATTRIBUTE]}|{value['id'][:LONGEST_ATTRIBUTE]}"
    return None


def _instants(texts: pa.Array, *, required: bool) -> tuple[pa.Array, pa.BooleanArray]:
    """Instants of clean RFC 3339 texts (or of instants), and the mask of rows that have one or may lack it."""
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), INSTANT), pa.repeat(not required, len(texts))
    if texts.type == INSTANT:
        inside = pc.fill_null(_inside(texts), not required)
        return texts, inside
    clean = pc.match_substring_regex(texts, CLEAN_TIME)
    if not pc.all(clean, skip_nulls=True).as_py():
        texts = pc.if_else(clean, texts, pa.scalar(None, pa.string()))
    instants = pc.cast(texts, INSTANT)
    sure = pc.fill_null(pc.and_(clean, _inside(instants)), False)  # noqa: FBT003  the value to fill in
    return instants, sure if required else pc.or_(sure, pc.is_null(clean))


def _inside(instants: pa.Array) -> pa.BooleanArray:
    return pc.and_(pc.greater_equal(instants, pa.scalar(FIRST, INSTANT)), pc.less(instants, pa.scalar(LAST, INSTANT)))


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _is_utf8(content: bytes) -> bool:
    if content.isascii():
        return True
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
