"""Where deliveries lie: a folder of this machine, or a prefix of an object store (``s3://``, ``gs://``).

A store names its files by key, the path below the landing place with ``/`` between the parts. Every reader works on a
file of this machine: a local file is read where it lies; an object is first spooled to a temporary file, hashed on its
way, and taken only if it was one and the same object from the first byte to the last. Memory stays flat either way.

Raises StoreFailed when the store does not answer or refuses: nothing is known of the file then.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from ingestion.records import FileRefused
from warehouse.settings import get_settings

REMOTE = ("s3", "s3a", "gs", "gcs")
BLOCK = 8 << 20
LONGEST_NAME_BYTES = 255
# Of every request, before the client tries again; and how often it does. Throttling is answered by waiting longer.
TIMEOUTS = {"connect_timeout": 10, "read_timeout": 60}
TRIES = 3


class StoreFailed(RuntimeError):
    """The landing place cannot be read, for a reason that is not in a file."""


@dataclass(frozen=True, slots=True)
class Stat:
    """Size, time of the last change (seconds since 1970), and a text that changes whenever the bytes do."""

    size: int
    modified: float
    version: str


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file: where they can be read, and what they are known by.

    ``version`` is the object's version in its store, None for a local file, whose times prove nothing.
    """

    path: Path
    sha256: str
    size_bytes: int
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """An object as it was when it was opened; any thread may read any part of it."""

    stat: Stat
    fetch: Callable[[int, int], bytes]

    def part(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` to before ``end``, all of them.

        Raises FileRefused ``incomplete`` or FileNotFoundError when the object is another one now or gone, StoreFailed
        when the store does not answer or gives another number of bytes.
        """
        found = self.fetch(start, end)
        if len(found) != end - start:
            raise StoreFailed(f"{end - start} bytes were asked for and {len(found)} given")
        return found


class Store(Protocol):
    """A landing place."""

    @property
    def place(self) -> str:
        """The folder's absolute path, or the URL."""

    def files(self, below: str = "") -> Iterator[str]:
        """The key of every file, in order. Raises FileNotFoundError without the folder or bucket."""

    def stats(self, below: str = "") -> dict[str, Stat]:
        """What one listing tells of every file, by key. Raises FileNotFoundError as ``files`` does."""

    def stat(self, key: str) -> Stat:
        """What is known of a file without reading it. Raises FileNotFoundError."""

    def read(self, key: str, cap: int) -> bytes | None:
        """The first ``cap`` bytes of a small file, None when there is none."""

    def fetched(self, key: str, beside: Sequence[str] = ()) -> AbstractContextManager[Content]:
        """The file, to be read while the block runs. Small files named ``beside`` stand there as they do here.

        Raises FileRefused ``outside_landing``, ``incomplete`` (it changed meanwhile, or is gone) or ``too_large``.
        """

    def put(self, key: str, path: Path) -> str | None:
        """Move the finished file ``path`` to ``key``; who lists the store sees all of it or nothing.

        Gives the version of what was written, as ``stat`` will; None where the store does not tell it then.
        """


def store_at(place: str | Path) -> Store:
    """The store of a folder or URL. Raises StoreFailed for a protocol that is not read here."""
    text = str(place).removeprefix("file://")
    protocol, separator, _ = text.partition("://")
    if not separator:
        return LocalStore(Path(text).resolve())
    if protocol not in REMOTE:
        raise StoreFailed(f"{text}: a landing place is a folder, s3://bucket/prefix or gs://bucket/prefix")
    return ObjectStore(text)


@dataclass(frozen=True, slots=True)
class LocalStore:
    """A folder."""

    root: Path

    @property
    def place(self) -> str:
        """Its absolute path."""
        return str(self.root)

    def files(self, below: str = "") -> Iterator[str]:
        """Every file below the folder; links are listed, and looked at when they are read."""
        root = self.root.resolve(strict=True)
        for path in sorted((root / below).rglob("*")):
            if not path.is_dir():
                yield path.relative_to(root).as_posix()

    def stats(self, below: str = "") -> dict[str, Stat]:
        """From the file system."""
        return {key: self.stat(key) for key in self.files(below)}

    def stat(self, key: str) -> Stat:
        """From the file system; of a link, of what it leads to."""
        found = (self.root / key).stat()
        return Stat(found.st_size, found.st_mtime, _version_of_file(found))

    def read(self, key: str, cap: int) -> bytes | None:
        """From the file system."""
        path = self.root / key
        if not path.is_file():
            return None
        self._check(key)
        with path.open("rb") as file:
            return file.read(cap)

    @contextmanager
    def fetched(self, key: str, beside: Sequence[str] = ()) -> Iterator[Content]:  # noqa: ARG002  they stand there
        """The file itself."""
        self._check(key)
        path = self.root / key
        try:
            with path.open("rb") as file:
                sha256, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
        except FileNotFoundError as error:
            raise FileRefused("incomplete", f"{key} is gone since the folder was listed; deliver it again") from error
        except OSError as error:
            raise StoreFailed(f"{key} cannot be read: {error.strerror}") from error
        yield Content(path, sha256, size)

    def put(self, key: str, path: Path) -> str:
        """By renaming within the folder, after the bytes are on disk."""
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        with path.open("rb") as source, part.open("wb") as sink:
            shutil.copyfileobj(source, sink, BLOCK)
            sink.flush()
            os.fsync(sink.fileno())
            written = os.fstat(sink.fileno())
        part.replace(target)
        path.unlink()
        return _version_of_file(written)

    def _check(self, key: str) -> None:
        if not (self.root / key).resolve().is_relative_to(self.root):
            raise FileRefused(
                "outside_landing", f"{key} is a link to a place outside the landing folder; copy the file"
            )


class ObjectStore:
    """A prefix of a bucket, through fsspec. Credentials and endpoint are those of the environment (AWS_*, GOOGLE_*)."""

    def __init__(self, url: str) -> None:
        import fsspec  # a local landing needs none of it

        self.place = url.rstrip("/")
        protocol = url.partition("://")[0]
        options: dict[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True}
        if protocol.startswith("s3"):
            options["config_kwargs"] = TIMEOUTS | {"retries": {"mode": "standard", "max_attempts": TRIES}}
        with self._answering():
            self._files = fsspec.filesystem(protocol, **options)
            self._files.retries = TRIES
        self._root = str(self._files._strip_protocol(self.place))  # noqa: SLF001  fsspec documents it for this use

    def files(self, below: str = "") -> Iterator[str]:
        """Every object below the prefix; names of folders are none."""
        yield from sorted(self.stats(below))

    def stats(self, below: str = "") -> dict[str, Stat]:
        """As the listing says, page after page."""
        folder = f"{self._root}/{below}".rstrip("/")
        with self._answering():
            self._files.invalidate_cache()
            found = self._files.find(folder, detail=True)
            return {
                name[len(self._root) + 1 :]: self._told_of(name[len(self._root) + 1 :], info)
                for name, info in found.items()
                if name.startswith(f"{self._root}/") and not name.endswith("/")
            }

    def stat(self, key: str) -> Stat:
        """Asked of the store now, never of a cache."""
        with self._answering(key):
            self._files.invalidate_cache()
            return self._told_of(key, self._files.info(self._name(key)))

    def read(self, key: str, cap: int) -> bytes | None:
        """Asked of the store now."""
        with self._answering(key):
            try:
                self._files.invalidate_cache()
                with self._files.open(self._name(key), "rb", block_size=BLOCK, cache_type="none") as file:
                    return bytes(file.read(cap))
            except FileNotFoundError:
                return None

    @contextmanager
    def fetched(self, key: str, beside: Sequence[str] = ()) -> Iterator[Content]:
        """The object in a temporary file, gone at the end of the block."""
        _check_key(key)
        with tempfile.TemporaryDirectory(prefix="tieout-spool-") as folder:
            path = Path(folder, *PurePosixPath(key).parts)
            path.parent.mkdir(parents=True)
            content = self._spooled(key, path)
            for name in beside:
                for parent in list(PurePosixPath(key).parents)[:-1]:
                    small = self.read(f"{parent}/{name}", BLOCK)
                    if small is not None:
                        Path(folder, parent, name).write_bytes(small)
            yield content

    def opened(self, key: str) -> Opened:
        """The object as it is now, to be read in parts, a request each. Raises FileNotFoundError."""
        with self._answering(key):
            self._files.invalidate_cache()
            # Without a cache it fetches what any thread tells it to; from S3 only while the object has the same ETag.
            file = self._files.open(self._name(key), "rb", block_size=BLOCK, cache_type="none")
            stat = self._told_of(key, file.details)
        generation = file.details.get("generation")

        def fetch(start: int, end: int) -> bytes:
            with self._answering(key):
                if generation:  # a file of gcsfs would not mind another one
                    return bytes(self._files.cat_file(self._name(key), start=start, end=end, generation=generation))
                return bytes(file._fetch_range(start, end))  # noqa: SLF001  fsspec documents it for files of every kind

        return Opened(stat, fetch)

    def put(self, key: str, path: Path) -> None:
        """An object appears when its last byte has arrived."""
        with self._answering(key):
            self._files.put_file(str(path), self._name(key))
        path.unlink()

    def _spooled(self, key: str, path: Path) -> Content:
        cap = get_settings().spool_bytes
        try:
            before = self.stat(key)
            if before.size > cap:
                raise FileRefused(
                    "too_large", f"{key} has {before.size} bytes, TIEOUT_SPOOL_BYTES allows {cap}; deliver it in parts"
                )
            with path.open("wb") as sink:
                sha256 = self._copied(key, sink)
            after = self.stat(key)
        except FileNotFoundError as error:
            raise FileRefused("incomplete", f"{key} is gone since the store was listed; deliver it again") from error
        if before.version != after.version or path.stat().st_size != before.size:
            raise FileRefused("incomplete", f"{key} was replaced while it was read; load it again")
        return Content(path, sha256, before.size, before.version)

    def _copied(self, key: str, sink: BinaryIO) -> str:
        digest = hashlib.sha256()
        with (
            self._answering(key),
            self._files.open(self._name(key), "rb", block_size=BLOCK, cache_type="readahead") as source,
        ):
            while block := source.read(BLOCK):
                digest.update(block)
                sink.write(block)
        return digest.hexdigest()

    def _told_of(self, key: str, found: dict[str, Any]) -> Stat:
        if found["type"] == "directory":
            raise FileNotFoundError(key)
        modified = found.get("LastModified") or found.get("mtime") or self._files.modified(self._name(key))
        return Stat(int(found["size"]), modified.timestamp(), _version(found))

    def _name(self, key: str) -> str:
        return f"{self._root}/{key}"

    @contextmanager
    def _answering(self, key: str = "") -> Iterator[None]:
        """Every store's client has errors of its own; what they have in common is that the store did not do it."""
        try:
            yield
        except (FileRefused, FileNotFoundError, StoreFailed):
            raise
        except Exception as error:
            place = f"{self.place}/{key}".rstrip("/")
            if type(error).__name__ == "FileExpired":  # s3fs: the object has another ETag than when it was opened
                raise FileRefused("incomplete", f"{key} was replaced while it was read; load it again") from error
            raise StoreFailed(f"{place} cannot be read: {_told(error)}") from error


def _version_of_file(found: os.stat_result) -> str:
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ino}"


def _check_key(key: str) -> None:
    """Refuse a key that is no path below the landing place, or that no file of this machine can be named after."""
    parts = key.split("/")
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        raise FileRefused("outside_landing", f"{key!r} is no path below the landing place; write it under a plain name")
    if any(len(os.fsencode(part)) > LONGEST_NAME_BYTES for part in parts):
        raise FileRefused("misplaced", f"{key[:80]}… has a name of more than {LONGEST_NAME_BYTES} bytes; shorten it")


def _version(info: dict[str, Any]) -> str:
    """The generation (Google) or the ETag and size (S3) of an object."""
    if info.get("generation"):
        return str(info["generation"])
    return f"{info.get('ETag') or info.get('etag')} {info['size']}"


def _told(error: Exception) -> str:
    with contextlib.suppress(IndexError):
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:300]}"
    return type(error).__name__
