"""Delivered files as our own sources write them: whole and described by a manifest, or not there at all.

A file is finished in a work folder on this machine, synced to the disk, and then moved into the landing: the manifest
first, then the file itself under its final name, so that whoever sees the file can tell that it is complete
(`ingestion.stores` shows a file whole or not at all, in a folder and in an object store). A delivered file is never
overwritten.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ingestion.stores import Store, store_at
from warehouse.settings import get_settings

MANIFEST = ".manifest.json"
# Begins with a dot, so the landing door takes nothing in it for a delivery.
WORK = ".work"
MAX_MANIFEST_BYTES = 1 << 20
DAY = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]")

Cursor = dict[str, Any]


class DeliveryExists(RuntimeError):
    """A file of this name has been delivered already; it stays as it is."""


class WorkBusy(RuntimeError):
    """Another process works in the same work folder."""


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """Where a file is delivered: ``<landing>/<system>/<object>/<delivered_on>/<file_name>``."""

    system: str
    object: str
    delivered_on: date
    file_name: str

    @property
    def label(self) -> str:
        """Path below the landing."""
        return f"{self.system}/{self.object}/{self.delivered_on.isoformat()}/{self.file_name}"


@dataclass(frozen=True, slots=True)
class Description:
    """What the manifest says beside rows and sha256.

    ``cursor`` is where the source goes on after this file; it counts from the moment the file is loaded, or waits in
    the landing to be loaded. ``pull`` says how the file came to be and is read by the source alone. ``rows`` counts
    the records of a file whose records are not its lines.
    """

    api_version: str | None = None
    as_of: str | None = None
    cursor: Cursor | None = None
    control_totals: dict[str, Any] | None = None
    pull: dict[str, Any] | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivered file: ``rows`` are its records, ``path`` is its path or URL."""

    target: Target
    path: str
    rows: int
    sha256: str
    manifest: dict[str, Any]


def write(
    landing: Path | str,
    target: Target,
    lines: Iterable[str],
    describe: Description | Callable[[], Description] | None = None,
) -> Delivered:
    """Deliver ``lines``, one record each, without line ends. Memory stays flat.

    ``describe`` is asked after the last line when it can be called: a cursor is known at the end.
    Raises DeliveryExists; whatever ``lines`` raises passes through and leaves nothing in the landing.
    """
    folder = work_folder(landing, f"{target.system}-delivering")
    finished = folder / f"{target.object}-{target.delivered_on.isoformat()}-{target.file_name}"
    try:
        with finished.open("wb") as out:
            for line in lines:
                out.write(line.encode() + b"\n")
            out.flush()
            os.fsync(out.fileno())
        found = describe() if callable(describe) else describe
        return publish(landing, target, finished, found or Description())
    finally:
        finished.unlink(missing_ok=True)


def publish(landing: Path | str, target: Target, finished: Path, description: Description) -> Delivered:
    """Move a finished file of lines, synced to the disk, from a work folder into the landing.

    After an interruption the same call ends the move. Raises DeliveryExists when other bytes stand under the name.
    """
    lines, sha256 = _measured(finished)
    rows = lines if description.rows is None else description.rows
    manifest: dict[str, Any] = {"rows": rows, "sha256": sha256, "control_totals": description.control_totals or {}}
    for name in ("api_version", "as_of", "cursor", "pull"):
        if (value := getattr(description, name)) is not None:
            manifest[name] = value
    store = store_at(landing)
    path = f"{store.place}/{target.label}"
    if store.read(target.label, 1) is not None:
        found = _manifest(store, target)
        if found is None or found.get("sha256") != sha256:
            raise DeliveryExists(f"{target.label} has been delivered with other content; choose another file name")
        finished.unlink()
        return Delivered(target, path, rows, sha256, found)
    beside = finished.with_name(finished.name + MANIFEST)
    write_whole(beside, json.dumps(manifest, indent=1) + "\n")
    store.put(target.label + MANIFEST, beside)
    store.put(target.label, finished)
    return Delivered(target, path, rows, sha256, manifest)


def delivered(landing: Path | str, system: str, object_name: str) -> Iterator[tuple[Target, dict[str, Any]]]:
    """Every file of one object that stands in the landing with a manifest, and the manifest, by date and name."""
    store = store_at(landing)
    below = f"{system}/{object_name}"
    try:
        names = set(store.files(below))
    except FileNotFoundError:
        return
    for name in sorted(names):
        day, _, file_name = name.removeprefix(f"{below}/").partition("/")
        if f"{name}{MANIFEST}" not in names or not DAY.fullmatch(day):
            continue
        target = Target(system, object_name, date.fromisoformat(day), file_name)
        manifest = _manifest(store, target)
        if manifest is not None:
            yield target, manifest


def lines_of(landing: Path | str, target: Target) -> Iterator[str]:
    """The lines of a delivered file."""
    with store_at(landing).fetched(target.label) as content, content.path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.rstrip("\n")


def work_folder(landing: Path | str, name: str) -> Path:
    """A folder on this machine for unfinished work on ``landing``: in it, or for a URL below the state folder."""
    if "://" not in str(landing):
        folder = Path(landing).resolve() / WORK / name
    else:
        url = hashlib.sha256(str(landing).rstrip("/").encode()).hexdigest()[:16]
        folder = get_settings().state_dir.resolve() / "landing-work" / url / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def sole_worker(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for this process alone; it is free again when the process ends, however it ends.

    Raises WorkBusy when another process holds it.
    """
    with (folder / ".lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise WorkBusy(f"process {lock.read().strip() or 'unknown'} is at work in {folder}; wait for it") from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def write_whole(path: Path, text: str) -> None:
    """Replace a small file on this machine: whole, and on the disk when this returns."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """See the names in ``folder`` onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _manifest(store: Store, target: Target) -> dict[str, Any] | None:
    text = store.read(target.label + MANIFEST, MAX_MANIFEST_BYTES)
    try:
        found = None if text is None else json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _measured(path: Path) -> tuple[int, str]:
    """Lines and sha256 of a file."""
    rows, digest = 0, hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            rows += block.count(b"\n")
            digest.update(block)
    return rows, digest.hexdigest()
