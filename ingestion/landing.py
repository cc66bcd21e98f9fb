"""The one door into raw. A file enters whole or not at all, once, and every record of it is accounted for.

A load is one transaction: take the lock, look at the manifest (``ops.loads``), copy, write the manifest row, commit.
The same file again is a no-op; the same name with other bytes is refused. After a broken connection the manifest tells
whether the commit arrived, so nothing is loaded twice and nothing is given up that landed.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from ingestion import documents, usage
from ingestion.control_totals import ColumnTotals, UsageTotals
from ingestion.delivery import Delivery, LoadResult, Manifest, discover, load_id, manifest_of
from ingestion.formats import strict_json
from ingestion.formats.cloudevents import INSTANT
from ingestion.formats.streams import Source
from ingestion.lake import LakeFiles, LakeUnset, lake
from ingestion.meters import MeterBook, delivered_meters, meter_book
from ingestion.objects import ObjectSpec
from ingestion.records import FileRefused, Reject
from ingestion.sensitive import kind_of, redacted
from ingestion.session import DatabaseError, Session, in_words, is_wrong_data
from ingestion.stores import Content, Store, StoreFailed
from warehouse.lock import LOAD_LOCK
from warehouse.settings import get_settings

__all__ = ["Delivery", "LoadFailed", "LoadResult", "discover", "load", "load_deliveries", "load_landing", "untried"]

ATTEMPTS = 3
DOCUMENTS_AT_ONCE = 5_000
USAGE = ("usage", "events")
JSONB = b"\x01"  # version byte that begins a jsonb in binary COPY
LOADS = """
    select file_name, content_sha256, rows_in, accepted, duplicate, quarantined, late_excluded, cast(load_id as text),
        source_version
    from ops.loads
    where system = $1 and object = $2 and delivered_on = cast($3 as date)
"""
KNOWN = """
    select cast(delivered_on as text), system, object,
        file_name, content_sha256, rows_in, accepted, duplicate, quarantined, late_excluded, cast(load_id as text),
        source_version
    from ops.loads
"""
NEXT = "select coalesce(max(load_seq), 0) + 1, clock_timestamp() from ops.loads"
REFUSE = """
    insert into ops.refusals (system, object, delivered_on, file_name, content_sha256, reason, detail)
    values ($1, $2, cast($3 as date), $4, $5, $6, $7)
    on conflict do nothing
"""
NEW_FIELDS = """
    select field from ops.new_fields
    where system = $1 and object = $2 and load_id = cast($3 as uuid)
    order by field collate "C"
"""
# Events of one account and day must not lie in two places: neither engine would see the repetitions of the other's.
OTHER_LANE = """
    select lane from ops.loads
    where system = $1 and object = $2 and accepted > 0 and lane <> $3
    limit 1
"""
METERS = """
    select cast(delivered_on as text), cast(payload as text)
    from raw.catalog__meters
    order by delivered_on, load_id, line_no
"""

Item = TypeVar("Item")


class LoadFailed(RuntimeError):
    """The warehouse could not take a file, for a reason that is not in the file; nothing of it landed. Run it again.

    ``results`` has one entry for every file that was to be loaded: what landed before, the file that failed with
    status ``failed``, and those after it as ``not_tried``. It is empty when the landing place itself cannot be read.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.results: list[LoadResult] = []


@dataclass(slots=True)
class _Counts:
    rows_in: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    late_excluded: int = 0
    withheld: int = 0
    new_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Landed:
    """A row of ops.loads."""

    sha256: str
    load_id: UUID
    counts: _Counts
    version: str | None = None

    def is_still(self, delivery: Delivery) -> bool:
        """Whether the object store says that the object has not been written since: then it need not be read."""
        if self.version is None:
            return False
        try:
            return delivery.store.stat(delivery.label).version == self.version
        except FileNotFoundError:
            return False


def load(delivery: Delivery, conn_url: str | None = None) -> LoadResult:
    """Load one file into the warehouse, or the one at ``conn_url``. Raises LoadFailed; a refusal is a result."""
    with open_session(conn_url) as session:
        return _Loader(session).load(delivery)


def load_landing(
    landing: Path | str,
    systems: list[str] | None = None,
    start: date | None = None,
    end: date | None = None,
    conn_url: str | None = None,
) -> list[LoadResult]:
    """Load every file delivered in [start, end), oldest first, over one connection; one result a file.

    ``landing`` is a folder, or a URL of an object store. Raises LoadFailed as ``load_deliveries`` does, also when the
    store cannot be listed, and FileNotFoundError without the folder.
    """
    try:
        found = discover(landing, systems, start, end)
    except StoreFailed as error:
        raise LoadFailed(str(error)) from error
    return load_deliveries(found, conn_url)


def load_deliveries(found: list[Delivery], conn_url: str | None = None) -> list[LoadResult]:
    """Load these files in this order, over one connection; one result a file.

    Raises LoadFailed at the first file that the warehouse cannot take, or that the store does not give; what landed
    before it stays.
    """
    results: list[LoadResult] = []
    try:
        if found:
            with open_session(conn_url) as session:
                loader = _Loader(session)
                loader.remember_loads()
                for delivery in found:
                    results.append(loader.load(delivery))  # noqa: PERF401  what landed before a failure is told
    except LoadFailed as failure:
        failure.results = [*results, *untried(found[len(results) :], str(failure))]
        raise
    return results


def untried(found: list[Delivery], failure: str) -> list[LoadResult]:
    """Results of deliveries of which the first failed with ``failure``, so that the others were not tried."""
    results = [replace(_result(delivery, _Counts()), status="not_tried") for delivery in found]
    return [replace(one, status="failed", reason=failure, detail=failure) for one in results[:1]] + results[1:]


def open_session(conn_url: str | None = None) -> Session:
    """A session of the loader. Raises LoadFailed when the warehouse cannot be reached."""
    try:
        return Session(conn_url)
    except DatabaseError as error:
        raise LoadFailed(f"the warehouse cannot be reached: {first_line(error)}") from error


class _Loader:
    """Loads file after file over one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[str, str, str], dict[str, _Landed]] = {}
        self._books: dict[str, MeterBook] = {}
        self._fields: dict[tuple[str, str], set[str]] = {}

    def remember_loads(self) -> None:
        """Read the whole manifest once, so that files already loaded cost their hash and no round trip."""
        try:
            for day, system, name, *row in self._session.rows(KNOWN):
                self._known.setdefault((system, name, day), {})[row[0]] = _landed(row)
            self._session.rollback()
        except DatabaseError as error:
            raise LoadFailed(f"the warehouse does not say what is loaded: {first_line(error)}") from error

    def load(self, delivery: Delivery) -> LoadResult:
        content: Content | None = None
        try:
            spec = _spec(delivery)
            known = self._known.get((delivery.system, delivery.object, str(delivery.delivered_on)), {})
            landed = known.get(delivery.file_name)
            if landed is not None and landed.is_still(delivery):
                return replace(_result(delivery, landed.counts), status="already_loaded")
            with delivery.fetched() as content:
                if landed is not None:
                    return _known_result(delivery, content, landed)
                return self._with_retries(delivery, spec, content)
        except FileRefused as refusal:
            return self._refused(delivery, content, refusal)
        except (StoreFailed, LakeUnset) as error:
            self._session.rollback()
            raise LoadFailed(f"{delivery.label} did not load: {error}") from error
        except OSError as error:
            raise LoadFailed(f"{delivery.label} did not load, it cannot be read: {error.strerror or error}") from error

    def _with_retries(self, delivery: Delivery, spec: ObjectSpec, content: Content) -> LoadResult:
        """Attempt the load; after a lost connection, look at the manifest before trying again."""
        identity = load_id(delivery, content)
        for attempt in itertools.count(1):
            try:
                landed = self._landed(delivery)
                if landed is not None and attempt > 1 and landed.load_id == identity:
                    return _result(delivery, landed.counts)  # the commit had arrived, only its answer was lost
                if landed is not None:
                    self._session.rollback()
                    return _known_result(delivery, content, landed)
                counts = self._attempt(delivery, spec, content, manifest_of(delivery, content))
            except FileRefused:
                self._session.rollback()
                raise
            except DatabaseError as error:
                self._after_error(delivery, error, last=attempt >= ATTEMPTS)
            except BaseException:
                self._session.rollback()
                raise
            else:
                self._remember(delivery, content, identity, counts)
                return _result(delivery, counts)
        raise AssertionError  # the loop ends by return or raise

    def _after_error(self, delivery: Delivery, error: Exception, *, last: bool) -> None:
        if self._session.alive():
            if is_wrong_data(error):
                raise FileRefused(
                    "database", f"Postgres does not take {delivery.label}: {first_line(error)}"
                ) from error
            raise LoadFailed(f"{delivery.label} did not load: {first_line(error)}") from error
        if last:
            raise LoadFailed(f"{delivery.label} did not load, the connection breaks: {first_line(error)}") from error
        try:
            self._session.reconnect()
        except DatabaseError as again:
            raise LoadFailed(f"{delivery.label} did not load, the server is gone: {first_line(again)}") from again

    def _landed(self, delivery: Delivery) -> _Landed | None:
        """Take the lock under which loads are numbered (it ends with the transaction), then look at the manifest."""
        self._session.rows("select pg_advisory_xact_lock($1)", LOAD_LOCK)
        rows = self._session.rows(LOADS, delivery.system, delivery.object, str(delivery.delivered_on))
        return next((_landed(row) for row in rows if row[0] == delivery.file_name), None)

    def _attempt(self, delivery: Delivery, spec: ObjectSpec, content: Content, manifest: Manifest) -> _Counts:
        identity = load_id(delivery, content)
        load_seq, known_at = self._session.rows(NEXT)[0]
        writer = Writer(self._session, delivery, identity, load_seq, known_at)
        with contextlib.closing(writer):
            return self._written(delivery, spec, content, manifest, writer)

    def _written(
        self, delivery: Delivery, spec: ObjectSpec, content: Content, manifest: Manifest, writer: Writer
    ) -> _Counts:
        source = Source(content.path, delivery.label)
        before = _stat(content.path)
        names: list[str] | None = None
        if (delivery.system, delivery.object) == USAGE:
            self._usage(delivery, source, manifest, writer)
        else:
            names = self._documents(delivery, source, spec, manifest, writer)
        if _stat(content.path) != before:
            raise FileRefused(
                "incomplete", f"{delivery.label} changed while it was read; deliver it under a final name"
            )
        counts = writer.counts
        if manifest.rows is not None and manifest.rows != counts.rows_in:
            raise FileRefused(
                "incomplete",
                f"{delivery.label} has {counts.rows_in} rows, its manifest says {manifest.rows}; deliver it again",
            )
        writer.finish(content, manifest, names=names)
        counts.new_fields = self._new_fields(delivery, load_id(delivery, content), names or [])
        self._session.commit()
        self._fields.setdefault((delivery.system, delivery.object), set()).update(names or [])
        return counts

    def _new_fields(self, delivery: Delivery, identity: UUID, names: list[str]) -> tuple[str, ...]:
        """What of ``names`` no file of the object had before; not asked where this session has seen them all."""
        if self._fields.get((delivery.system, delivery.object), set()).issuperset(names):
            return ()
        rows = self._session.rows(NEW_FIELDS, delivery.system, delivery.object, str(identity))
        return tuple(name for (name,) in rows)

    def _documents(
        self, delivery: Delivery, source: Source, spec: ObjectSpec, manifest: Manifest, writer: Writer
    ) -> list[str] | None:
        """Write the records of a file; gives the names of their fields, without those that loading itself reads.

        None for a delivery whose manifest names the version of its system's API: that says which fields there are.
        """
        if source.extension.removeprefix(".") not in spec.formats:
            raise FileRefused(
                "format",
                f"{delivery.label}: {spec.system}/{spec.name} comes as {', '.join(spec.formats)}, perhaps .gz or .zst",
            )
        as_of = manifest.as_of or midnight(delivery.delivered_on)
        totals = ColumnTotals(manifest.control_totals) if manifest.control_totals else None
        names: set[str] = set()
        fates = documents.read(source, spec, manifest.api_version, as_of, totals, names)
        for some in _in_batches(fates, DOCUMENTS_AT_ONCE):
            accepted = [fate for fate in some if isinstance(fate, documents.Document)]
            rejects = [fate for fate in some if isinstance(fate, Reject)]
            writer.documents(spec.table, accepted)
            writer.quarantine(rejects)
            writer.counts.duplicate += len(some) - len(accepted) - len(rejects)
            writer.counts.rows_in += len(some)
        if totals is not None:
            totals.prove(delivery.label)
        if manifest.api_version is not None:
            return None  # who names the version announces its fields
        return sorted({_storable(redacted(name)) for name in names - spec.known})[: documents.MOST_FIELDS]

    def _usage(self, delivery: Delivery, source: Source, manifest: Manifest, writer: Writer) -> None:
        assert delivery.delivered_on is not None  # noqa: S101  misplaced files do not get here
        book = self._book(delivery.store)
        totals = UsageTotals() if manifest.control_totals else None
        parts = usage.read(source, book, delivery.delivered_on, get_settings().max_age_days, totals)
        for part in _ahead(parts):
            writer.events(part.accepted)
            writer.quarantine(part.rejects)
            writer.quarantine(part.late, late=True)
            writer.counts.duplicate += part.duplicate
            writer.counts.rows_in += part.accepted.num_rows + part.duplicate + len(part.rejects) + len(part.late)
        if totals is not None:
            totals.prove(delivery.label, manifest.control_totals or {})

    def _book(self, store: Store) -> MeterBook:
        """The meters of the warehouse and of the landing place, so that the order of loading does not matter."""
        if store.place not in self._books:
            self._books[store.place] = book_of(self._session, store)
        return self._books[store.place]

    def _remember(self, delivery: Delivery, content: Content, identity: UUID, counts: _Counts) -> None:
        key = (delivery.system, delivery.object, str(delivery.delivered_on))
        self._known.setdefault(key, {})[delivery.file_name] = _Landed(content.sha256, identity, counts, content.version)

    def _refused(self, delivery: Delivery, content: Content | None, refusal: FileRefused) -> LoadResult:
        """Put the refusal on record, once for a file, its bytes and the reason."""
        detail = redacted(refusal.detail)
        if delivery.delivered_on is not None:
            try:
                self._session.rollback()
                self._session.execute(
                    REFUSE,
                    redacted(delivery.system),
                    redacted(delivery.object),
                    delivery.delivered_on.isoformat(),
                    redacted(delivery.file_name),
                    content.sha256 if content else None,
                    refusal.reason,
                    detail,
                )
                self._session.commit()
            except DatabaseError as error:
                raise LoadFailed(
                    f"the refusal of {redacted(delivery.label)} cannot be recorded: {first_line(error)}"
                ) from error
        return replace(_result(delivery, _Counts()), status="refused", reason=refusal.reason, detail=detail)


class Writer:
    """Writes the rows of one load and counts them."""

    def __init__(self, session: Session, delivery: Delivery, identity: UUID, load_seq: int, known_at: datetime) -> None:
        self._session = session
        self._delivery = delivery
        self._identity = identity
        self._load_seq = load_seq
        self._known_at = known_at.astimezone(UTC)
        self._usage_days: set[date] = set()
        self._files: LakeFiles | None = None
        self._lane = usage_lane(session) if (delivery.system, delivery.object) == USAGE else "postgres"
        self.counts = _Counts()

    def close(self) -> None:
        """Give up what was not finished."""
        if self._files is not None:
            self._files.close()

    def documents(self, table: str, found: list[documents.Document]) -> None:
        """Append accepted records to their document table."""
        if not found:
            return
        columns = {
            "line_no": pa.array([one.line_no for one in found], pa.int64()),
            "record_id": pa.array([one.record_id for one in found], pa.string()),
            "source_updated_at": pa.array([one.source_updated_at for one in found], INSTANT),
            "record_hash": pa.array([one.record_hash for one in found], pa.string()),
            "is_deleted": pa.array([one.is_deleted for one in found], pa.bool_()),
            "api_version": pa.array([one.api_version for one in found], pa.string()),
            "payload": pa.array([JSONB + one.payload.encode() for one in found], pa.binary()),
        }
        self._session.copy("raw", table, self._stamped(columns, len(found)))
        self.counts.accepted += len(found)
        self.counts.withheld += sum(one.withheld for one in found)

    def events(self, events: pa.Table) -> None:
        """Append accepted usage events, in Postgres to the partitions of their days."""
        if not events.num_rows:
            return
        columns = {name: events.column(name) for name in events.schema.names}
        columns["occurred_on"] = pc.cast(events.column("occurred_at"), pa.date32(), safe=False)
        if self._lane == "lake":
            self._into_lake(columns, events.num_rows)
        else:
            self._into_postgres(columns, events.num_rows)
        self.counts.accepted += events.num_rows

    def _into_postgres(self, columns: dict[str, Any], count: int) -> None:
        """COPY; partitions of days that have none are made."""
        for day in pc.unique(columns["occurred_on"]).to_pylist():
            if day not in self._usage_days:
                self._session.rows("select ops.ensure_usage_partition(cast($1 as date))", day.isoformat())
                self._usage_days.add(day)
        del columns["identity_hash"]
        columns["dimensions"] = pc.binary_join_element_wise("\x01", columns["dimensions"], "")
        self._session.copy("raw", "usage__events", self._stamped(columns, count))

    def _into_lake(self, columns: dict[str, Any], count: int) -> None:
        """Into the files of the load, which are moved to the lake at the end and listed with the load's own row."""
        if self._files is None:
            assert self._delivery.delivered_on is not None  # noqa: S101  misplaced files do not get here
            self._files = LakeFiles(lake(), str(self._identity), self._delivery.delivered_on)
        stamped = self._stamped(columns, count)
        named = stamped.set_column(0, "load_id", pa.repeat(pa.scalar(str(self._identity)), count))
        self._files.append(named.drop_columns(["delivered_on"]))

    def quarantine(self, rejects: list[Reject], *, late: bool = False) -> None:
        """Append rejected records; late ones are counted apart."""
        if not rejects:
            return
        count = len(rejects)
        columns = {
            "line_no": pa.array([one.line_no for one in rejects], pa.int64()),
            "system": pa.repeat(self._delivery.system, count),
            "object": pa.repeat(self._delivery.object, count),
            "reason": pa.array([one.reason for one in rejects], pa.string()),
            "detail": pa.array([_storable(redacted(one.detail)) for one in rejects], pa.string()),
            "raw": pa.array([_storable(redacted(one.raw)) for one in rejects], pa.string()),
            "record_id": pa.array(
                [one.record_id and _storable(redacted(one.record_id)) for one in rejects], pa.string()
            ),
        }
        self._session.copy("quarantine", "records", self._stamped(columns, count))
        if late:
            self.counts.late_excluded += count
        else:
            self.counts.quarantined += count

    def finish(
        self,
        content: Content,
        manifest: Manifest,
        *,
        retry_of: UUID | None = None,
        names: list[str] | None = None,
    ) -> None:
        """Write the manifest row. The table itself checks that every row that came in is accounted for.

        A usage partition gets its index when it is full, which costs a fraction of filling both at once.
        """
        self._list_files()
        for day in sorted(self._usage_days):
            self._session.rows("select ops.index_usage_partition(cast($1 as date))", day.isoformat())
        counts = self.counts
        columns = {
            "system": [self._delivery.system],
            "object": [self._delivery.object],
            "file_name": [_storable(self._delivery.file_name)],
            "content_sha256": [content.sha256],
            "size_bytes": [content.size_bytes],
            "rows_in": [counts.rows_in],
            "accepted": [counts.accepted],
            "duplicate": [counts.duplicate],
            "quarantined": [counts.quarantined],
            "late_excluded": [counts.late_excluded],
            "withheld": [counts.withheld],
            "control_totals": _jsonb(manifest.control_totals),
            "cursor": _jsonb(manifest.cursor),
            "source_version": pa.array([content.version], pa.string()),
            "code_version": [code_version()],
            "retry_of": pa.array([retry_of.bytes if retry_of else None], pa.binary(16)),
            "fields": pa.array([names], pa.list_(pa.string())),
            "lane": [self._lane],
        }
        self._session.copy("ops", "loads", self._stamped({name: pa.array(found) for name, found in columns.items()}, 1))

    def _list_files(self) -> None:
        """Put the files of the lake on the list that readers go by; it becomes visible with the load."""
        files = self._files.finish() if self._files is not None else []
        if files:
            columns = {
                "occurred_on": pa.array([one.occurred_on for one in files], pa.date32()),
                "path": pa.array([one.path for one in files], pa.string()),
                "row_count": pa.array([one.row_count for one in files], pa.int64()),
                "size_bytes": pa.array([one.size_bytes for one in files], pa.int64()),
                "sha256": pa.array([one.sha256 for one in files], pa.string()),
                "version": pa.array([one.version for one in files], pa.string()),
                "repeats": pa.array([one.repeats for one in files], pa.int64()),
            }
            self._session.copy("ops", "lake_files", self._stamped(columns, len(files)))

    def _stamped(self, columns: dict[str, Any], count: int) -> pa.Table:
        """The columns with what every row of this load has in common."""
        return pa.table(
            {
                "load_id": pa.repeat(pa.scalar(self._identity.bytes, pa.binary(16)), count),
                "load_seq": pa.repeat(pa.scalar(self._load_seq, pa.int64()), count),
                "delivered_on": pa.repeat(pa.scalar(self._delivery.delivered_on, pa.date32()), count),
                "known_at": pa.repeat(pa.scalar(self._known_at, INSTANT), count),
                **columns,
            }
        )


def usage_lane(session: Session) -> str:
    """The lane of usage events, as configured. Raises LoadFailed where the warehouse's events lie in the other one."""
    lane = get_settings().usage_lane
    if session.rows(OTHER_LANE, *USAGE, lane):
        other = "postgres" if lane == "lake" else "lake"
        raise LoadFailed(
            f"usage is to go into the lane {lane} (TIEOUT_USAGE_LANE), but this warehouse has its usage in the lane "
            f"{other}: set TIEOUT_USAGE_LANE={other}, or load all usage into a fresh warehouse"
        )
    return lane


def book_of(session: Session, store: Store) -> MeterBook:
    """The meters that the warehouse knows and those delivered with the files, the later delivery counting."""
    stored = [(str(day), json.loads(payload)) for day, payload in session.rows(METERS)]
    entries = sorted([*stored, *delivered_meters(store)], key=lambda entry: entry[0])
    return meter_book(fields for _, fields in entries)


def midnight(delivered_on: date | None) -> datetime | None:
    """The first instant (UTC) of a delivery date."""
    return None if delivered_on is None else datetime.combine(delivered_on, time(), UTC)


def code_version() -> str:
    """Version of the program that loads."""
    try:
        return metadata.version("tieout")
    except metadata.PackageNotFoundError:
        return "unpackaged"


def _spec(delivery: Delivery) -> ObjectSpec:
    kind = kind_of(delivery.label)
    if kind is not None:
        raise FileRefused(
            "sensitive_name", f"{delivery.label}: the name of the file or its folder holds a {kind}; rename"
        )
    if delivery.problem is not None:
        raise FileRefused("misplaced", f"{delivery.label}: {delivery.problem}")
    if delivery.spec is None:
        raise FileRefused("unknown_object", f"{delivery.system}/{delivery.object} is no object known here")
    return delivery.spec


def _known_result(delivery: Delivery, content: Content, landed: _Landed) -> LoadResult:
    if landed.sha256 != content.sha256:
        raise FileRefused(
            "changed_after_load",
            f"{delivery.label} was loaded with sha256 {landed.sha256[:12]}… and now has {content.sha256[:12]}…; "
            "deliver corrections under a new name or date",
        )
    return replace(_result(delivery, landed.counts), status="already_loaded")


def _landed(row: Iterable[Any]) -> _Landed:
    _, sha256, *counts, identity, version = row
    return _Landed(sha256, UUID(identity), _Counts(*counts), version)


def _result(delivery: Delivery, counts: _Counts) -> LoadResult:
    return LoadResult(
        system=redacted(delivery.system),
        object=redacted(delivery.object),
        file=redacted(delivery.file_name),
        delivered_on=delivery.delivered_on,
        status="loaded",
        rows_in=counts.rows_in,
        accepted=counts.accepted,
        duplicate=counts.duplicate,
        quarantined=counts.quarantined,
        late_excluded=counts.late_excluded,
        new_fields=counts.new_fields,
    )


def _stat(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _in_batches(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    while batch := list(itertools.islice(items, size)):
        yield batch


def _ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The items, each made in a second thread while the one before it is being used."""
    with ThreadPoolExecutor(1, "tieout-decode") as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def _jsonb(value: dict[str, Any] | None) -> pa.Array:
    return pa.array([None if value is None else JSONB + strict_json.dump(value).encode()], pa.binary())


def _storable(text: str) -> str:
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


def first_line(error: Exception) -> str:
    said = redacted(str(error).strip().splitlines()[0][:500])
    words = in_words(error)
    return f"{words} ({said})" if words else said
