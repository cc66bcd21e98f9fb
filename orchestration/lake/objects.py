"""A lake in an object store as DuckDB reads it: parts of objects, fetched by the client of the loads.

DuckDB's own client would be downloaded while tieout runs. A file of fsspec is not enough either: DuckDB reads one file
from several threads, and takes an answer that is too short for a whole one. What is registered here keeps a position
for every thread, and gives each byte that was asked for or raises StoreFailed, with the object and the remedy.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import duckdb
from fsspec import AbstractFileSystem

from ingestion.records import FileRefused
from ingestion.stores import ObjectStore, Opened, StoreFailed


def register(session: duckdb.DuckDBPyConnection, store: ObjectStore) -> None:
    """Let DuckDB read what stands below the place of ``store``, by its URL."""
    files = LakeObjects(store)
    if not session.filesystem_is_registered(files.protocol):
        session.register_filesystem(files)


class LakeObjects(AbstractFileSystem):  # type: ignore[misc]  # fsspec ships no types
    """Objects by URL, each the one that it was when it was first looked at."""

    cachable = False

    def __init__(self, store: ObjectStore) -> None:
        super().__init__()
        self.protocol = store.place.partition("://")[0]
        self._store = store
        self._opened: dict[str, Opened] = {}

    def open(self, path: str, mode: str = "rb", **_: Any) -> Positioned:
        """The object, to be read."""
        if mode != "rb":
            raise StoreFailed(f"{path} is read only here")
        return Positioned(path, self._object(path))

    def size(self, path: str) -> int:
        """Bytes of the object."""
        return self._object(path).stat.size

    def modified(self, path: str) -> datetime:
        """When it was written."""
        return datetime.fromtimestamp(self._object(path).stat.modified, UTC)

    def glob(self, path: str, **_: Any) -> list[str]:
        """The path itself: names come from the list of the lake's files and are no patterns."""
        return [path]

    def _object(self, path: str) -> Opened:
        if path not in self._opened:
            try:
                self._opened[path] = self._store.opened(path.removeprefix(f"{self._store.place}/"))
            except FileNotFoundError as error:
                raise StoreFailed(f"{path} is gone: restore it from a copy of the lake") from error
        return self._opened[path]


class Positioned:
    """An open object with a position for every thread that reads it."""

    def __init__(self, path: str, content: Opened) -> None:
        self._path = path
        self._content = content
        self._at = threading.local()

    def seek(self, offset: int) -> int:
        """Move this thread's position."""
        self._at.position = offset
        return offset

    def tell(self) -> int:
        """This thread's position."""
        return int(getattr(self._at, "position", 0))

    def read(self, count: int) -> bytes:
        """The next bytes, exactly as many as are asked for."""
        start = self.tell()
        try:
            found = self._content.part(start, start + count)
        except (FileNotFoundError, FileRefused) as error:
            raise StoreFailed(
                f"{self._path} was removed or replaced while it was read: restore it from a copy of the lake"
            ) from error
        except StoreFailed as error:
            raise StoreFailed(f"{self._path}: {error}; build again when the store answers") from error
        self.seek(start + count)
        return found

    def close(self) -> None:
        """Nothing is held open."""
