"""Records of the business systems: the rules of an object applied to what a reader yields."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from ingestion import sensitive
from ingestion.control_totals import ColumnTotals
from ingestion.formats import (
    catalogue,
    fx_rates,
    jsonl,
    parquet,
    strict_csv,
    strict_json,
)
from ingestion.formats.streams import Source
from ingestion.objects import ObjectSpec
from ingestion.records import BadRecord, FileRefused, Record, Reject, readable
from ingestion.sources import bank

# Control and format characters, private and unassigned ones, separators of lines.
UNSEEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
MISSING, RETYPED = "missing_field", "retyped"
TRUE = frozenset({"true", "1", "t"})
# Of a file whose records have keys of their own (a map, not a table), as many names as anybody reads.
MOST_FIELDS = 1000
# Of a record's hash, as much as tells repetitions within a file: a file's records take no more memory than these.
HASH_BYTES = 16


@dataclass(frozen=True, slots=True)
class Document:
    """One accepted record, as it is stored; ``source_updated_at`` is UTC, ``withheld`` counts values that were not."""

    line_no: int
    record_id: str
    source_updated_at: datetime | None
    record_hash: str
    is_deleted: bool
    api_version: str | None
    payload: str
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Repeated:
    """A record that stands in the file before, exactly so."""

    line_no: int


def read(
    source: Source,
    spec: ObjectSpec,
    api_version: str | None = None,
    as_of: datetime | None = None,
    totals: ColumnTotals | None = None,
    names: set[str] | None = None,
) -> Iterator[Document | Reject | Repeated]:
    """Every record of ``source`` with its fate. ``api_version`` is what the delivery's manifest says, if anything.

    ``as_of`` is when the records were read from the system; it dates those of an object that has no date of its own.
    ``totals`` are summed over what was delivered; ``names`` gets those of the records' fields.

    Raises FileRefused: for the format as a whole, and with ``schema`` when no record of the file has a required field,
    or has it in the type it must have: then the system changed its export, and a full quarantine would hide it.
    """
    seen: set[bytes] = set()
    accepted = 0
    broken: dict[str, int] = {}
    last: Reject | None = None
    count = 0
    for found in _records(source, spec):
        count += 1
        if totals is not None:
            totals.add(found)
        if names is not None and isinstance(found, Record) and len(names) < MOST_FIELDS:
            names.update(found.fields)
        fate = judged(source, spec, found, api_version, as_of) if isinstance(found, Record) else found
        if isinstance(fate, Reject):
            if fate.reason in (MISSING, RETYPED):
                broken[fate.reason] = broken.get(fate.reason, 0) + 1
                last = fate
            yield fate
            continue
        accepted += 1
        key = bytes.fromhex(fate.record_hash)[:HASH_BYTES]
        if key in seen:
            yield Repeated(fate.line_no)
            continue
        seen.add(key)
        yield fate
    if last is not None and not accepted and sum(broken.values()) == count:
        raise FileRefused("schema", f"no record of {source.label} can be read, for example {last.detail}")


def _records(source: Source, spec: ObjectSpec) -> Iterable[Record | Reject]:
    def check(columns: list[str]) -> None:
        missing = [
            name for name in spec.columns if name not in columns and not set(spec.optional_identity) & set(columns)
        ]
        if missing:
            raise FileRefused(
                "schema",
                f"{source.label} lacks the column {missing[0]!r}; "
                f"{spec.system}/{spec.name} needs {', '.join(spec.columns)}",
            )

    by_system: dict[str, Callable[[], Iterable[Record | Reject]]] = {
        "bank": lambda: bank.read(source),
        "catalog": lambda: catalogue.read(source, spec.name),
        "fx": lambda: fx_rates.read(source),
    }
    by_extension: dict[str, Callable[[], Iterable[Record | Reject]]] = {
        ".csv": lambda: strict_csv.read(source, spec.nulls, check),
        ".parquet": lambda: parquet.read(source, check),
        ".json": lambda: jsonl.read_document(source),
    }
    reader = by_system.get(spec.system) or by_extension.get(source.extension)
    return reader() if reader else jsonl.read_lines(source)


def judged(
    source: Source, spec: ObjectSpec, record: Record, api_version: str | None, as_of: datetime | None = None
) -> Document | Reject:
    """One record with its fate, by the rules of its object."""
    fields = record.fields
    record_id: str | None = None
    try:
        record_id = _identity(spec, fields)
        _check_values(spec, fields)
        changed = fields.get(spec.updated_at) if spec.updated_at else None
        undated = as_of if spec.observed else None
        updated_at = _strictly(spec.updated_at or "", spec.clock, changed) if changed is not None else undated
        version = fields.get(spec.api_version) if spec.api_version else None
        kept = sensitive.screened(spec, record_id, fields, record.payload)
    except BadRecord as bad:
        return Reject(
            record.line_no,
            bad.reason,
            f"{source.at(record.line_no)}: {bad.detail}",
            readable(record.payload),
            record_id,
        )
    return Document(
        line_no=record.line_no,
        record_id=record_id,
        source_updated_at=updated_at,
        record_hash=sha256(strict_json.canonical(kept.fields).encode("utf-8")).hexdigest(),
        is_deleted=_is_true(fields.get(spec.deleted)) if spec.deleted else False,
        api_version=str(version) if version else api_version,
        payload=kept.payload,
        withheld=kept.withheld,
    )


def _check_values(spec: ObjectSpec, fields: dict[str, Any]) -> None:
    if spec.object_type is not None and fields.get("object", spec.object_type) != spec.object_type:
        raise BadRecord("wrong_object", f"a {fields['object']!r} among {spec.name}; is it in the right folder?")
    for name in spec.required:
        if fields.get(name) is None:
            raise BadRecord(MISSING, f"{name!r} has no value")
    for name, cast in spec.casts:
        if fields.get(name) is not None:
            _strictly(name, cast, fields[name])
    for rule in spec.rules:
        rule(fields)


def _strictly(name: str, cast: Callable[[Any], Any], value: Any) -> Any:
    try:
        return cast(value)
    except BadRecord as bad:
        raise BadRecord(bad.reason, f"{name!r}: {bad.detail}") from bad


def _identity(spec: ObjectSpec, fields: dict[str, Any]) -> str:
    names = spec.identity
    if spec.optional_identity and all(fields.get(name) for name in spec.optional_identity):
        names = spec.optional_identity
    parts = []
    for name in names:
        value = fields.get(name)
        if value is None and name in spec.may_be_empty:
            parts.append("")
            continue
        if value is None or value == "":
            raise BadRecord(MISSING, f"{name!r} has no value, and the record is known by it")
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise BadRecord(RETYPED, f"{name!r} is a text, and this is {value!r}")
        parts.append(spec.id_form(_plain(name, str(value))))
    return "|".join(parts)


def _plain(name: str, text: str) -> str:
    """``text`` if it looks like what it is: two ids that cannot be told apart by eye must not be two records."""
    if text.isascii() and text.isprintable() and text == text.strip():
        return text
    unseen = next((sign for sign in text if unicodedata.category(sign) in UNSEEN), None)
    if unseen is not None:
        raise BadRecord("bad_identifier", f"{name!r} holds U+{ord(unseen):04X}, which nobody sees; remove it")
    if text != text.strip():
        raise BadRecord("bad_identifier", f"{name!r} begins or ends with a blank; remove it")
    if unicodedata.normalize("NFC", text) != text:
        raise BadRecord("bad_identifier", f"{name!r} is not in the composed form of Unicode (NFC); normalise it")
    return text


def _is_true(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.lower() in TRUE)
