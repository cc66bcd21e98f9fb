"""What the doctor says about one thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``remedy`` is what to do, empty when there is nothing to do."""

    name: str
    level: Level
    what: str
    remedy: str = ""
