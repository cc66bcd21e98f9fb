"""Quarantined records read again, after the catalogue, a setting or the code was corrected.

The records of one delivered file are retried in one transaction. Those that are valid now land in raw, as a load of its
own that names the first one (``ops.loads.retry_of``) and keeps their line; those that are wrong in another way stand in
quarantine again, under that load, with the new reason; those still wrong for the same reason stay as they are. What was
read again is noted in ``quarantine.retried``, whose key lets no record land twice, whoever retries at the same time.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from ingestion import documents, usage
from ingestion.delivery import Delivery, Manifest, discover, manifest_of
from ingestion.formats import strict_json
from ingestion.formats.cloudevents import INSTANT
from ingestion.formats.streams import Source
from ingestion.landing import ATTEMPTS, NEXT, USAGE, LoadFailed, Writer, book_of, first_line, midnight, open_session
from ingestion.meters import MeterBook
from ingestion.objects import ObjectSpec
from ingestion.records import BadRecord, FileRefused, Record, Reject
from ingestion.registry import OBJECTS
from ingestion.sensitive import REMEDIES, redacted, was_redacted
from ingestion.session import DatabaseError, Session, is_wrong_data
from ingestion.stores import Content, Store, StoreFailed, store_at
from warehouse.lock import LOAD_LOCK
from warehouse.settings import get_settings

Status = Literal["retried", "unchanged", "not_possible"]
# What quarantine keeps of these is no whole record in JSON, so only the delivered file can be read again.
FILE_ALONE = frozenset({"bank", "catalog", "fx"})
FILES = """
    select cast(root.load_id as text), root.system, root.object, cast(root.delivered_on as text), root.file_name,
        root.content_sha256, root.size_bytes, root.rows_in, count(*)
    from quarantine.records as records
    inner join ops.loads as loads on records.load_id = loads.load_id
    inner join ops.loads as root on coalesce(loads.retry_of, loads.load_id) = root.load_id
    where not exists (
            select from quarantine.retried as retried
            where retried.load_id = records.load_id and retried.line_no = records.line_no
        )
        and (cast($1 as text) = '' or records.system = $1)
        and (cast($2 as text) = '' or records.object = $2)
        and (cast($3 as text) = '' or records.reason = $3)
        and (cast($4 as text) = '' or cast(records.load_id as text) = $4 or cast(root.load_id as text) = $4)
    group by root.load_id
    order by root.load_seq
"""
OPEN = """
    select
        cast(records.load_id as text), records.line_no, records.reason, records.detail, records.raw, records.record_id
    from quarantine.records as records
    inner join ops.loads as loads on records.load_id = loads.load_id
    where coalesce(loads.retry_of, loads.load_id) = cast($1 as uuid)
        and not exists (
            select from quarantine.retried as retried
            where retried.load_id = records.load_id and retried.line_no = records.line_no
        )
        and (cast($2 as text) = '' or records.reason = $2)
    order by records.line_no
"""
RETRIES = "select count(*) from ops.loads where retry_of = cast($1 as uuid)"
LANDED = """
    select rows_in, accepted, duplicate, quarantined, late_excluded from ops.loads where load_id = cast($1 as uuid)
"""
AS_OF = "select max(source_updated_at) from raw.{table} where load_id = cast($1 as uuid)"
VERSION = "select max(api_version) from raw.{table} where load_id = cast($1 as uuid)"


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of the open records of one delivered file.

    ``records`` were open; ``accepted`` and ``duplicate`` are resolved, ``still_wrong`` have another reason now, and
    ``unchanged`` the same. ``load_id`` is the load of what was retried, None when nothing changed. ``detail`` says why
    records could not be read again, and what to do.
    """

    system: str
    object: str
    delivered_on: date
    file: str
    status: Status
    records: int
    accepted: int = 0
    duplicate: int = 0
    still_wrong: int = 0
    unchanged: int = 0
    retry_of: UUID | None = None
    load_id: UUID | None = None
    detail: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _File:
    """A delivered file with open records: the row of its first load."""

    load_id: UUID
    system: str
    object: str
    delivered_on: date
    file_name: str
    sha256: str
    size_bytes: int
    rows_in: int
    records: int

    @property
    def spec(self) -> ObjectSpec:
        return OBJECTS[self.system, self.object]

    @property
    def label(self) -> str:
        return f"{self.system}/{self.object}/{self.delivered_on}/{self.file_name}"

    @property
    def is_usage(self) -> bool:
        return (self.system, self.object) == USAGE


@dataclass(frozen=True, slots=True)
class _Open:
    """One open record."""

    load_id: UUID
    line_no: int
    reason: str
    detail: str
    raw: str
    record_id: str | None


class _NotPossible(Exception):
    """The records of a file cannot be read again; the message says why, and what to do."""


@dataclass(slots=True)
class _Fates:
    """Where the records that were read again go, by line; a line that is in none of them was not found."""

    documents: list[documents.Document] = field(default_factory=list)
    events: list[pa.Table] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    late: list[Reject] = field(default_factory=list)
    missed: str | None = None


def retry(
    landing: Path | str,
    *,
    system: str | None = None,
    object_name: str | None = None,
    reason: str | None = None,
    load_id: UUID | None = None,
    conn_url: str | None = None,
) -> list[Retried]:
    """Read open records again, all or those named; one result a delivered file, oldest load first.

    ``landing`` is where the delivered files are looked for. Raises LoadFailed when the warehouse cannot take them;
    what was retried before stays, and nothing of the file at which it stopped.
    """
    with open_session(conn_url) as session:
        retrier = _Retrier(session, store_at(landing), reason or "")
        return [retrier.retry(file) for file in retrier.files(system, object_name, load_id)]


class _Retrier:
    """Retries file after file over one session."""

    def __init__(self, session: Session, store: Store, reason: str) -> None:
        self._session = session
        self._store = store
        self._reason = reason
        self._book: MeterBook | None = None

    def files(self, system: str | None, object_name: str | None, load_id: UUID | None) -> list[_File]:
        """The delivered files that have open records."""
        try:
            rows = self._session.rows(FILES, system or "", object_name or "", self._reason, str(load_id or ""))
            self._session.rollback()
        except DatabaseError as error:
            raise LoadFailed(f"the warehouse does not say what is in quarantine: {first_line(error)}") from error
        return [
            _File(UUID(identity), of_system, of_object, date.fromisoformat(day), name, sha256, size, rows_in, records)
            for identity, of_system, of_object, day, name, sha256, size, rows_in, records in rows
        ]

    def retry(self, file: _File) -> Retried:
        """Retry the open records of a file; after a lost connection, look whether the commit had arrived."""
        identity: UUID | None = None
        for attempt in itertools.count(1):
            try:
                if identity is not None and (landed := self._landed(file, identity)) is not None:
                    return landed
                self._session.rows("select pg_advisory_xact_lock($1)", LOAD_LOCK)
                number = int(self._session.rows(RETRIES, str(file.load_id))[0][0]) + 1
                identity = _identity(file, number)
                found = self._attempt(file, number, identity)
            except _NotPossible as why:
                self._session.rollback()
                return self._result(file, "not_possible", file.records, detail=redacted(str(why)))
            except DatabaseError as error:
                self._after_error(file, error, last=attempt >= ATTEMPTS)
            except BaseException:
                self._session.rollback()
                raise
            else:
                return found
        raise AssertionError  # the loop ends by return or raise

    def _after_error(self, file: _File, error: Exception, *, last: bool) -> None:
        told = first_line(error)
        if self._session.alive():
            if is_wrong_data(error):
                raise LoadFailed(f"Postgres does not take the records of {file.label}: {told}") from error
            raise LoadFailed(f"the records of {file.label} were not retried: {told}") from error
        if last:
            raise LoadFailed(f"{file.label} was not retried, the connection breaks: {told}") from error
        try:
            self._session.reconnect()
        except DatabaseError as again:
            raise LoadFailed(f"{file.label} was not retried, the server is gone: {first_line(again)}") from again

    def _landed(self, file: _File, identity: UUID) -> Retried | None:
        rows = self._session.rows(LANDED, str(identity))
        self._session.rollback()
        if not rows:
            return None
        rows_in, accepted, duplicate, quarantined, late = (int(count) for count in rows[0])
        return self._result(
            file,
            "retried",
            file.records,
            accepted=accepted,
            duplicate=duplicate,
            still_wrong=quarantined + late,
            unchanged=file.records - rows_in,
            load_id=identity,
        )

    def _attempt(self, file: _File, number: int, identity: UUID) -> Retried:
        records = {
            record.line_no: record
            for record in (
                _Open(UUID(of_load), *rest)
                for of_load, *rest in self._session.rows(OPEN, str(file.load_id), self._reason)
            )
        }
        load_seq, known_at = self._session.rows(NEXT)[0]
        delivery = Delivery(
            self._store, file.label, file.system, file.object, file.delivered_on, f"{file.file_name}#retry-{number}"
        )
        writer = Writer(self._session, delivery, identity, load_seq, known_at)
        with contextlib.closing(writer):
            return self._retried(file, records, writer, identity, known_at)

    def _retried(
        self, file: _File, records: dict[int, _Open], writer: Writer, identity: UUID, known_at: datetime
    ) -> Retried:
        fates = self._read(file, records)
        outcomes = self._write(file, records, fates, writer)
        unchanged = len(records) - len(outcomes)
        if not outcomes:
            self._session.rollback()
            status: Status = "not_possible" if fates.missed else "unchanged"
            return self._result(file, status, len(records), unchanged=unchanged, detail=fates.missed)
        counts = writer.counts
        counts.rows_in = len(outcomes)
        content = Content(Path(file.label), file.sha256, file.size_bytes)
        writer.finish(content, Manifest(), retry_of=file.load_id)
        self._note(records, outcomes, identity, known_at)
        self._session.commit()
        return self._result(
            file,
            "retried",
            len(records),
            accepted=counts.accepted,
            duplicate=counts.duplicate,
            still_wrong=counts.quarantined + counts.late_excluded,
            unchanged=unchanged,
            load_id=identity,
            detail=fates.missed,
        )

    def _write(self, file: _File, records: dict[int, _Open], fates: _Fates, writer: Writer) -> dict[int, str]:
        """Write everything that has another fate than before; the outcome by line."""
        outcomes: dict[int, str] = {}
        writer.documents(file.spec.table, fates.documents)
        outcomes.update((one.line_no, "accepted") for one in fates.documents)
        for table in fates.events:
            writer.events(table)
            outcomes.update((line_no, "accepted") for line_no in table.column("line_no").to_pylist())
        writer.counts.duplicate += len(fates.duplicates)
        outcomes.update((line_no, "duplicate") for line_no in fates.duplicates)
        for rejects, outcome in ((fates.rejects, "quarantined"), (fates.late, "late_excluded")):
            other = [one for one in rejects if _is_other(records[one.line_no], one, file)]
            writer.quarantine(other, late=outcome == "late_excluded")
            outcomes.update((one.line_no, outcome) for one in other)
        return outcomes

    def _note(self, records: dict[int, _Open], outcomes: dict[int, str], identity: UUID, known_at: datetime) -> None:
        """Note that these records were read again; a record that was noted already fails on the key."""
        lines = sorted(outcomes)
        columns = {
            "load_id": pa.array([records[line_no].load_id.bytes for line_no in lines], pa.binary(16)),
            "line_no": pa.array(lines, pa.int64()),
            "retry_load_id": pa.repeat(pa.scalar(identity.bytes, pa.binary(16)), len(lines)),
            "outcome": pa.array([outcomes[line_no] for line_no in lines], pa.string()),
            "known_at": pa.repeat(pa.scalar(known_at.astimezone(UTC), INSTANT), len(lines)),
        }
        self._session.copy("quarantine", "retried", pa.table(columns))

    def _read(self, file: _File, records: dict[int, _Open]) -> _Fates:
        """The records again, from the delivered file when it is still there, else from what quarantine kept of them."""
        try:
            for delivery in self._candidates(file):
                with delivery.fetched() as content:
                    if content.sha256 == file.sha256:
                        source = Source(content.path, file.label)
                        return self._from_file(file, source, _manifest(delivery, content), records)
        except (FileRefused, StoreFailed) as problem:
            raise _NotPossible(str(problem)) from problem
        return self._from_quarantine(file, records)

    def _candidates(self, file: _File) -> Iterator[Delivery]:
        """Files of the landing place that may be the delivered one, the one at its own place first."""
        try:
            found = [one for one in discover(self._store.place, [file.system]) if one.object == file.object]
        except FileNotFoundError:
            return
        for delivery in sorted(found, key=lambda one: one.label != file.label):
            try:
                size = self._store.stat(delivery.label).size
            except FileNotFoundError:
                continue
            if size == file.size_bytes:
                yield delivery

    def _version(self, file: _File) -> str | None:
        """The API version that the other records of the file were stored with."""
        if file.is_usage:
            return None
        found = self._session.rows(VERSION.format(table=file.spec.table), str(file.load_id))
        return str(found[0][0]) if found[0][0] is not None else None

    def _as_of(self, file: _File) -> datetime | None:
        """When the other records of the file were read from their system, else the delivery date."""
        if file.is_usage or not file.spec.observed:
            return None
        found = self._session.rows(AS_OF.format(table=file.spec.table), str(file.load_id))
        return found[0][0] or midnight(file.delivered_on)

    def _from_file(self, file: _File, source: Source, manifest: Manifest, records: dict[int, _Open]) -> _Fates:
        version = self._version(file) or manifest.api_version
        as_of = manifest.as_of or self._as_of(file)
        try:
            fates, count = (
                self._events(file, source, records)
                if file.is_usage
                else _documents(file, documents.read(source, file.spec, version, as_of), records)
            )
        except FileRefused as refusal:
            raise _NotPossible(f"{file.label} is refused as a whole now: {refusal.detail}") from refusal
        if count != file.rows_in:
            raise _NotPossible(
                f"{file.label} had {file.rows_in} records when it was loaded and is read as {count} now, so its lines "
                "cannot be told apart; deliver the records again in a file of another name"
            )
        return fates

    def _events(self, file: _File, source: Source, records: dict[int, _Open]) -> tuple[_Fates, int]:
        if self._book is None:
            self._book = book_of(self._session, self._store)
        fates, count = _Fates(), 0
        wanted = pa.array(records, pa.int64())
        left = set(records)
        for part in usage.read(source, self._book, file.delivered_on, get_settings().max_age_days):
            count += part.accepted.num_rows + part.duplicate + len(part.rejects) + len(part.late)
            table = part.accepted.filter(pc.is_in(part.accepted.column("line_no"), value_set=wanted))
            if table.num_rows:
                names = ("line_no", "source", "event_id")
                for line_no, origin, event_id in zip(*(table.column(name).to_pylist() for name in names), strict=True):
                    _check_same(file, records[line_no], f"{origin}|{event_id}")
                    left.discard(line_no)
                fates.events.append(table)
            for rejects, kept in ((part.rejects, fates.rejects), (part.late, fates.late)):
                mine = [one for one in rejects if one.line_no in left]
                kept.extend(mine)
                left.difference_update(one.line_no for one in mine)
        # what the file holds and gave neither an event nor a reject stands in it before, exactly so
        fates.duplicates = sorted(left)
        return fates, count

    def _from_quarantine(self, file: _File, records: dict[int, _Open]) -> _Fates:
        """From the text that quarantine kept, where that is the whole record."""
        gone = f"no file with the bytes of {file.label} is in {self._store.place}"
        if file.is_usage:
            raise _NotPossible(
                f"{gone}, and quarantine keeps only the declared fields of an event; put the delivered file back, or "
                "deliver the events again"
            )
        if file.system in FILE_ALONE:
            raise _NotPossible(
                f"{gone}, and quarantine does not keep {file.system} records whole; put the delivered file back"
            )
        fates, partial = _Fates(), 0
        source, version, as_of = Source(Path(file.label), file.label), self._version(file), self._as_of(file)
        seen: set[tuple[str, str]] = set()
        for record in records.values():
            whole = _whole(record)
            if whole is None:
                partial += 1
                continue
            _sort(fates, documents.judged(source, file.spec, whole, version, as_of), seen)
        if partial:
            fates.missed = (
                f"{gone}, and of {partial} of {len(records)} records quarantine does not keep the whole text; put the "
                "delivered file back, or deliver the records again"
            )
        return fates

    def _result(self, file: _File, status: Status, records: int, **found: Any) -> Retried:
        return Retried(
            file.system,
            file.object,
            file.delivered_on,
            redacted(file.file_name),
            status,
            records,
            retry_of=file.load_id,
            **found,
        )


def _documents(
    file: _File, read: Iterable[documents.Document | Reject | documents.Repeated], records: dict[int, _Open]
) -> tuple[_Fates, int]:
    fates, count = _Fates(), 0
    for fate in read:
        count += 1
        if fate.line_no not in records:
            continue
        if isinstance(fate, documents.Document):
            _check_same(file, records[fate.line_no], fate.record_id)
        _sort(fates, fate)
    return fates, count


def _sort(
    fates: _Fates,
    fate: documents.Document | Reject | documents.Repeated,
    seen: set[tuple[str, str]] | None = None,
) -> None:
    """Put a fate where it belongs; with ``seen``, repeats among those read so far are duplicates."""
    if isinstance(fate, Reject):
        fates.rejects.append(fate)
    elif isinstance(fate, documents.Repeated) or (seen is not None and (fate.record_id, fate.record_hash) in seen):
        fates.duplicates.append(fate.line_no)
    else:
        fates.documents.append(fate)
        if seen is not None:
            seen.add((fate.record_id, fate.record_hash))


def _check_same(file: _File, record: _Open, record_id: str) -> None:
    """Raise _NotPossible when the line holds another record than the one that was set aside."""
    if record.record_id is not None and record.record_id != redacted(record_id) and record.reason not in REMEDIES:
        raise _NotPossible(
            f"line {record.line_no} of {file.label} is read as {redacted(record_id)!r} now and was "
            f"{record.record_id!r}; deliver the records again in a file of another name"
        )


def _is_other(record: _Open, now: Reject, file: _File) -> bool:
    """Whether the record is wrong in another way than it was."""
    was = record.detail.replace(file.label, "", 1)
    return (record.reason, was) != (now.reason, redacted(now.detail).replace(file.label, "", 1))


def _whole(record: _Open) -> Record | None:
    """The record in the text that quarantine kept, None when that is not all of it."""
    if record.reason in REMEDIES or was_redacted(record.raw):
        return None
    try:
        value = strict_json.parse(record.raw)
    except BadRecord:
        return None
    return Record(record.line_no, value, record.raw) if isinstance(value, dict) else None


def _manifest(delivery: Delivery, content: Content) -> Manifest:
    try:
        return manifest_of(delivery, content)
    except FileRefused:
        return Manifest()  # it was complete when it was loaded, and its bytes are the same


def _identity(file: _File, number: int) -> UUID:
    """Identity of a retry: the same for the same retry of the same file, however often it is begun."""
    return UUID(bytes=hashlib.sha256(f"{file.load_id}#retry-{number}".encode()).digest()[:16])
