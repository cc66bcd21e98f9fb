"""Delivered files: finding them, telling whole ones from half written ones, and what became of them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from ingestion.formats.streams import Source
from ingestion.objects import ObjectSpec
from ingestion.records import FileRefused
from ingestion.registry import OBJECTS
from warehouse.settings import get_settings

MANIFEST = ".manifest.json"
SUCCESS = "_SUCCESS"
# Names that tools use while they write, and the signs of this folder itself.
NOT_DELIVERIES = (".", "_")
MAX_MANIFEST_BYTES = 1 << 20

Status = Literal["loaded", "already_loaded", "refused"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivered file. ``delivered_on`` is None, and ``problem`` says why, when it stands where no file belongs."""

    landing: Path
    path: Path
    system: str
    object: str
    delivered_on: date | None
    file_name: str
    problem: str | None = None

    @property
    def spec(self) -> ObjectSpec | None:
        """The rules of its object, None for an unknown one."""
        return OBJECTS.get((self.system, self.object))

    @property
    def source(self) -> Source:
        """The file, to be read; its label is its path below the landing folder."""
        return Source(self.path, self.label)

    @property
    def label(self) -> str:
        """Path below the landing folder."""
        return self.path.relative_to(self.landing).as_posix()


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What became of a file. Counts are records; ``reason`` (one word) and ``detail`` stand with a refusal."""

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

    def as_dict(self) -> dict[str, Any]:
        """For JSON: everything but the detail, the date as ISO text."""
        found = asdict(self)
        del found["detail"]
        return found | {"delivered_on": self.delivered_on.isoformat() if self.delivered_on else None}


@dataclass(frozen=True, slots=True)
class Content:
    """What a delivery's bytes are known by."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the producer declares about a file; None is not declared.

    ``cursor`` says where the source goes on after this delivery; it is kept with the load, whatever stands in it.
    """

    rows: int | None = None
    sha256: str | None = None
    control_totals: dict[str, Any] | None = None
    api_version: str | None = None
    cursor: dict[str, Any] | None = None


def discover(
    landing: Path, systems: list[str] | None = None, start: date | None = None, end: date | None = None
) -> list[Delivery]:
    """Every delivered file with a delivery date in [start, end), by date, system, object and name.

    Manifests, ``_SUCCESS``, names that begin with a dot or an underscore, and files beside the systems' folders are no
    deliveries. A file that stands in the wrong place is one, with its problem, so that it is not overlooked.
    Raises FileNotFoundError without the folder.
    """
    root = landing.resolve(strict=True)
    found = [
        delivery
        for delivery in _files(root)
        if (systems is None or delivery.system in systems)
        and (delivery.delivered_on is None or start is None or delivery.delivered_on >= start)
        and (delivery.delivered_on is None or end is None or delivery.delivered_on < end)
    ]
    return sorted(found, key=lambda one: (one.delivered_on or date.min, one.system, one.object, one.file_name))


def content_of(delivery: Delivery) -> Content:
    """Hash and size of the bytes. Raises FileRefused ``outside_landing`` for a link that leads out of the folder."""
    if not delivery.path.resolve().is_relative_to(delivery.landing):
        raise FileRefused(
            "outside_landing", f"{delivery.label} is a link to a place outside the landing folder; copy the file"
        )
    with delivery.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return Content(digest.hexdigest(), file.tell())


def manifest_of(delivery: Delivery, content: Content) -> Manifest:
    """The manifest of a delivery that is complete. Raises FileRefused ``incomplete`` when it is not, or not yet."""
    path = delivery.path.with_name(delivery.path.name + MANIFEST)
    if path.is_file():
        manifest = _manifest(path)
        if manifest.sha256 is not None and manifest.sha256.lower() != content.sha256:
            raise FileRefused(
                "incomplete",
                f"{delivery.label} has sha256 {content.sha256[:12]}…, its manifest says {manifest.sha256[:12]}…: "
                "it is still being written, or was cut; deliver it again",
            )
        return manifest
    if (delivery.path.parent / SUCCESS).exists():
        return Manifest()
    quiet = get_settings().quiet_seconds
    age = time.time() - delivery.path.stat().st_mtime
    if quiet is not None and age >= quiet:
        return Manifest()
    wait = f", or wait until it is {quiet} s old (now {int(age)} s)" if quiet is not None else ""
    raise FileRefused(
        "incomplete",
        f"nothing says that {delivery.label} is complete; "
        f"write {delivery.path.name}{MANIFEST} or {SUCCESS} beside it{wait}",
    )


def load_id(delivery: Delivery, content: Content) -> UUID:
    """Identity of a load: the same for the same file, whenever and wherever it is loaded."""
    parts = (delivery.system, delivery.object, str(delivery.delivered_on), delivery.file_name, content.sha256)
    return UUID(bytes=hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).digest()[:16])


def _files(root: Path) -> Iterator[Delivery]:
    for path in sorted(root.rglob("*")):
        below = path.relative_to(root)
        if (
            path.is_dir()
            or path.name.endswith(MANIFEST)
            or any(part.startswith(NOT_DELIVERIES) for part in below.parts)
        ):
            continue
        if len(below.parts) > 1:  # beside the systems' folders stand notes for people
            yield _delivery(root, path, below.parts)


def _delivery(root: Path, path: Path, parts: tuple[str, ...]) -> Delivery:
    system, name, day = (*parts[:-1], "", "", "")[:3]
    file_name = "/".join(parts[3:]) or path.name
    if len(parts) < len(("system", "object", "date", "file")):
        return Delivery(
            root, path, system, name, None, path.name, "a file belongs into <system>/<object>/<YYYY-MM-DD>/"
        )
    try:
        delivered_on = date.fromisoformat(day) if len(day) == len("2026-10-28") else None
    except ValueError:
        delivered_on = None
    if delivered_on is None:
        return Delivery(
            root, path, system, name, None, file_name, f"the folder {day!r} is no delivery date (YYYY-MM-DD)"
        )
    return Delivery(root, path, system, name, delivered_on, file_name)


def _manifest(path: Path) -> Manifest:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(MAX_MANIFEST_BYTES))
        rows, sha256, totals = found.get("rows"), found.get("sha256"), found.get("control_totals")
        version, cursor = found.get("api_version"), found.get("cursor")
    except (ValueError, AttributeError, RecursionError) as error:
        raise FileRefused(
            "incomplete", f"the manifest {path.name} cannot be read ({error}); write it after the file"
        ) from error
    if not (rows is None or (isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0)):
        raise FileRefused("incomplete", f"the manifest {path.name} says rows {rows!r}; write a whole number")
    if not isinstance(sha256, (str, type(None))):
        raise FileRefused("incomplete", f"the manifest {path.name} says sha256 {sha256!r}; write it as text")
    for name, value in (("control_totals", totals), ("cursor", cursor)):
        if not isinstance(value, (dict, type(None))):
            raise FileRefused("incomplete", f"the manifest {path.name} says {name} {value!r}; write an object")
    return Manifest(rows, sha256, totals, str(version) if version else None, cursor)
