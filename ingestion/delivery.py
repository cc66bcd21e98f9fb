"""Delivered files: finding them, telling whole ones from half written ones, and what became of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from uuid import UUID

from ingestion.formats import bank_csv, strict_json
from ingestion.objects import ObjectSpec
from ingestion.records import BadRecord, FileRefused
from ingestion.registry import OBJECTS
from ingestion.stores import Content, Store, store_at
from ingestion.timestamps import instant
from warehouse.settings import get_settings

MANIFEST = ".manifest.json"
SUCCESS = "_SUCCESS"
# Names that tools use while they write, and the signs of this folder itself.
NOT_DELIVERIES = (".", "_")
# An object store allows these in a name; such a delivery is refused, not overlooked.
UPWARDS = (".", "..")
MAX_MANIFEST_BYTES = 1 << 20

# What a bank calls its columns stands beside its statements.
BESIDE = {"bank": (bank_csv.PROFILE,)}

Status = Literal["loaded", "already_loaded", "refused", "failed", "not_tried"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivered file. ``delivered_on`` is None, and ``problem`` says why, when it stands where no file belongs."""

    store: Store
    label: str  # its key: the path below the landing place
    system: str
    object: str
    delivered_on: date | None
    file_name: str
    problem: str | None = None

    @property
    def spec(self) -> ObjectSpec | None:
        """The rules of its object, None for an unknown one."""
        return OBJECTS.get((self.system, self.object))

    def fetched(self) -> AbstractContextManager[Content]:
        """The file, to be read while the block runs. Raises FileRefused and StoreFailed as the store does."""
        return self.store.fetched(self.label, BESIDE.get(self.system, ()))

    def is_announced(self) -> bool:
        """Whether something says that the file is complete; what its manifest says is not looked at."""
        return _sign_of_completeness(self) is not None or _is_quiet(self)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What became of a file. Counts are records; ``reason`` and ``detail`` stand with a refusal or a failure.

    The reason of a refusal is one word, that of a failure a sentence. ``failed`` is not the file's fault, and what was
    to come after it is ``not_tried``; the next run loads both. ``new_fields`` are those that no file of the object had
    before: they ride along, and nothing reads them.
    """

    system: str
    object: str
    file: str
    delivered_on: date | None
    status: Status
    rows_in: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    late_excluded: int = 0
    reason: str | None = None
    detail: str | None = field(default=None, compare=False)
    new_fields: tuple[str, ...] = field(default=(), compare=False)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the published keys and no others; files come in the order of their delivery dates."""
        found = asdict(self)
        del found["delivered_on"], found["detail"], found["new_fields"]
        return found


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the producer declares about a file; None is not declared.

    ``cursor`` says where the source goes on after this delivery; it is kept with the load, whatever stands in it.
    ``as_of`` is when the records were read from the system.
    """

    rows: int | None = None
    sha256: str | None = None
    control_totals: dict[str, Any] | None = None
    api_version: str | None = None
    cursor: dict[str, Any] | None = None
    as_of: datetime | None = None


def discover(
    landing: Path | str, systems: list[str] | None = None, start: date | None = None, end: date | None = None
) -> list[Delivery]:
    """Every delivered file with a delivery date in [start, end), by date, system, object and name.

    Manifests, ``_SUCCESS``, names that begin with a dot or an underscore, and files beside the systems' folders are no
    deliveries. A file that stands in the wrong place is one, with its problem, so that it is not overlooked.
    Raises FileNotFoundError without the folder or bucket, StoreFailed when the store does not answer.
    """
    store = store_at(landing)
    found = [
        delivery
        for delivery in _deliveries(store)
        if (systems is None or delivery.system in systems)
        and (delivery.delivered_on is None or start is None or delivery.delivered_on >= start)
        and (delivery.delivered_on is None or end is None or delivery.delivered_on < end)
    ]
    return sorted(found, key=lambda one: (one.delivered_on or date.min, one.system, one.object, one.file_name))


def manifest_of(delivery: Delivery, content: Content) -> Manifest:
    """The manifest of a delivery that is complete. Raises FileRefused ``incomplete`` when it is not, or not yet."""
    sign = _sign_of_completeness(delivery)
    if sign is not None and sign.endswith(MANIFEST):
        manifest = _manifest(delivery.store, sign)
        if manifest.sha256 is not None and manifest.sha256.lower() != content.sha256:
            raise FileRefused(
                "incomplete",
                f"{delivery.label} has sha256 {content.sha256[:12]}…, its manifest says {manifest.sha256[:12]}…: "
                "it is still being written, or was cut; deliver it again",
            )
        return manifest
    if sign is not None or _is_quiet(delivery):
        return Manifest()
    quiet = get_settings().quiet_seconds
    wait = f", or wait until it is {quiet} s old (now {int(_age(delivery))} s)" if quiet is not None else ""
    raise FileRefused(
        "incomplete",
        f"nothing says that {delivery.label} is complete; "
        f"write {PurePosixPath(delivery.label).name}{MANIFEST} or {SUCCESS} beside it{wait}",
    )


def load_id(delivery: Delivery, content: Content) -> UUID:
    """Identity of a load: the same for the same file, whenever and wherever it is loaded."""
    parts = (delivery.system, delivery.object, str(delivery.delivered_on), delivery.file_name, content.sha256)
    return UUID(bytes=hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).digest()[:16])


def _deliveries(store: Store) -> Iterator[Delivery]:
    for key in store.files():
        parts = tuple(key.split("/"))
        if key.endswith(MANIFEST) or any(part.startswith(NOT_DELIVERIES) and part not in UPWARDS for part in parts):
            continue
        if len(parts) > 1:  # beside the systems' folders stand notes for people
            yield _delivery(store, key, parts)


def _delivery(store: Store, key: str, parts: tuple[str, ...]) -> Delivery:
    system, name, day = (*parts[:-1], "", "", "")[:3]
    file_name = "/".join(parts[3:]) or parts[-1]
    if len(parts) < len(("system", "object", "date", "file")):
        return Delivery(
            store, key, system, name, None, parts[-1], "a file belongs into <system>/<object>/<YYYY-MM-DD>/"
        )
    try:
        delivered_on = date.fromisoformat(day) if len(day) == len("2026-10-28") else None
    except ValueError:
        delivered_on = None
    if delivered_on is None:
        return Delivery(
            store, key, system, name, None, file_name, f"the folder {day!r} is no delivery date (YYYY-MM-DD)"
        )
    return Delivery(store, key, system, name, delivered_on, file_name)


def _sign_of_completeness(delivery: Delivery) -> str | None:
    """Key of the manifest, else of the folder's ``_SUCCESS``, else None."""
    folder = delivery.label.rpartition("/")[0]
    signs = (f"{delivery.label}{MANIFEST}", f"{folder}/{SUCCESS}")
    return next((sign for sign in signs if _exists(delivery.store, sign)), None)


def _exists(store: Store, key: str) -> bool:
    try:
        store.stat(key)
    except FileNotFoundError:
        return False
    return True


def _is_quiet(delivery: Delivery) -> bool:
    quiet = get_settings().quiet_seconds
    return quiet is not None and _age(delivery) >= quiet


def _age(delivery: Delivery) -> float:
    try:
        return time.time() - delivery.store.stat(delivery.label).modified
    except FileNotFoundError as error:
        raise FileRefused("incomplete", f"{delivery.label} is gone; deliver it again") from error


def _manifest(store: Store, key: str) -> Manifest:
    name = PurePosixPath(key).name
    try:
        found = strict_json.parse((store.read(key, MAX_MANIFEST_BYTES) or b"").decode("utf-8-sig"))
    except (UnicodeDecodeError, BadRecord) as error:
        raise FileRefused(
            "incomplete", f"the manifest {name} cannot be read ({error}); write it after the file"
        ) from error
    if not isinstance(found, dict):
        raise FileRefused("incomplete", f"the manifest {name} is no JSON object; write one")
    rows, sha256, totals = found.get("rows"), found.get("sha256"), found.get("control_totals")
    version, cursor = found.get("api_version"), found.get("cursor")
    if not (rows is None or (isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0)):
        raise FileRefused("incomplete", f"the manifest {name} says rows {rows!r}; write a whole number")
    if not isinstance(sha256, (str, type(None))):
        raise FileRefused("incomplete", f"the manifest {name} says sha256 {sha256!r}; write it as text")
    for key_name, value in (("control_totals", totals), ("cursor", cursor)):
        if not isinstance(value, (dict, type(None))):
            raise FileRefused("incomplete", f"the manifest {name} says {key_name} {value!r}; write an object")
    return Manifest(rows, sha256, totals, str(version) if version else None, cursor, _as_of(name, found.get("as_of")))


def _as_of(name: str, value: Any) -> datetime | None:
    try:
        return None if value is None else instant(value)
    except BadRecord as bad:
        raise FileRefused("incomplete", f"the manifest {name} says as_of {value!r}: {bad.detail}") from bad
