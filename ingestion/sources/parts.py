"""Pulls that are delivered in parts: which part was the last, and from where the next goes on.

The cursor of each part holds, under ``pull``, the instant its pull ``started`` (by the source's own clock), the number
of the ``part``, and whatever the source needs to go on with the part that follows.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from ingestion.sources import cursors
from ingestion.sources.delivered_file import Cursor, Target

# A record younger than this is left for the next pull: it may change again within the second of its stamp.
YOUNGEST = timedelta(seconds=60)
# Before anything was pulled.
START = datetime(1970, 1, 1, tzinfo=UTC)
PULL = "pull"


def last_part(landing: Path | str, system: str, object_name: str) -> tuple[datetime, dict[str, Any]]:
    """How far everything was pulled (START: not at all), and the work of the latest part (empty: there is none).

    It is the part whose cursor reaches furthest; of those that reach as far, the latest of the latest pull.
    """
    found = [one for one in cursors.known(landing, system, object_name) if isinstance(one.get(PULL), dict)]
    last = max(found, key=_reach, default=None)
    return (_reach(last)[0], last[PULL]) if last else (START, {})


def begun(now: datetime, work: dict[str, Any]) -> datetime:
    """When a pull starts: now, and after the pull before it, whatever the clocks say."""
    before = instant_or_none(work.get("started"))
    return now if before is None else max(now, before + timedelta(seconds=1))


def cursor(through: datetime, started: datetime, part: int, work: dict[str, Any]) -> Cursor:
    """The cursor of a part."""
    return {
        cursors.THROUGH: cursors.text_of(through),
        PULL: {"started": cursors.text_of(started), "part": part, **work},
    }


def target(system: str, object_name: str, delivered_on: date, started: datetime, part: int, extension: str) -> Target:
    """The file of a part: its name sorts after the parts before it."""
    return Target(system, object_name, delivered_on, f"api-{started:%Y%m%dT%H%M%SZ}-{part:04d}.{extension}")


def instant_or_none(text: str | None) -> datetime | None:
    """The instant that a cursor holds, if it holds one."""
    return cursors.instant_of(text) if text else None


def text_or_none(moment: datetime | None) -> str | None:
    """An instant as cursors hold it, if there is one."""
    return cursors.text_of(moment) if moment else None


def _reach(one: Cursor) -> tuple[datetime, datetime, int]:
    work = one[PULL]
    return cursors.instant_of(str(one[cursors.THROUGH])), cursors.instant_of(work["started"]), int(work["part"])
