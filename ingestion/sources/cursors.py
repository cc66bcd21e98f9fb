"""Where a source goes on: the cursors of what was loaded, and of what waits in the landing to be loaded.

A cursor is a JSON object with ``through``, the instant (ISO 8601 with zone) up to which everything is in the file that
carries it; the source may keep more in it. It travels in the file's manifest and is stored in ``ops.loads`` by the
transaction that loads the file: state and data commit together. A file that the landing door refused does not count,
so what it held is asked for again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from ingestion.sources.delivered_file import Cursor, delivered
from warehouse import embedded
from warehouse.connection import connect
from warehouse.settings import get_settings

THROUGH = "through"
LOADED = """
    select cast(delivered_on as text), file_name, content_sha256, cursor
    from ops.loads
    where system = %s and object = %s
"""
REFUSED = "select content_sha256 from ops.refusals where system = %s and object = %s and content_sha256 is not null"


def latest(landing: Path | str, system: str, object_name: str) -> Cursor | None:
    """The cursor that reaches furthest; None when nothing that carries one was loaded or waits."""
    return next(iter(known(landing, system, object_name)), None)


def known(landing: Path | str, system: str, object_name: str) -> list[Cursor]:
    """Every cursor of one object, the one that reaches furthest first; of equals that of the file delivered last.

    Raises psycopg.OperationalError when the warehouse does not answer: without it nothing is known for sure.
    """
    loaded, refused = _of_warehouse(system, object_name)
    found: dict[tuple[str, str], Any] = {(day, name): cursor for day, name, _, cursor in loaded}
    for target, manifest in delivered(landing, system, object_name):
        if manifest.get("sha256") not in refused:
            found.setdefault((target.delivered_on.isoformat(), target.file_name), manifest.get("cursor"))
    cursors = [
        (instant_of(str(cursor[THROUGH])), file, cursor)
        for file, cursor in found.items()
        if isinstance(cursor, dict) and THROUGH in cursor
    ]
    return [cursor for *_, cursor in sorted(cursors, key=lambda one: one[:2], reverse=True)]


def text_of(moment: datetime) -> str:
    """An instant as cursors hold it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant_of(text: str) -> datetime:
    """The instant that a cursor holds."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _of_warehouse(system: str, object_name: str) -> tuple[list[tuple[str, str, str, Cursor | None]], set[str]]:
    """The loads of one object, and the content of files that were refused and never loaded."""
    if get_settings().warehouse_url is None and not embedded.status().created:
        return [], set()  # looking for a cursor makes no warehouse
    with connect() as connection:
        try:
            loaded = connection.execute(LOADED, (system, object_name)).fetchall()
            refused = connection.execute(REFUSED, (system, object_name)).fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            return [], set()  # the warehouse has not been set up yet, or is older than cursors and holds none
    return loaded, {sha256 for (sha256,) in refused} - {sha256 for _, _, sha256, _ in loaded}
