"""docs/benchmarks.md: a section for each part, with what it was measured on. A run replaces those that it measured."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bench import machine
from orchestration.code_version import code_version

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

`make bench` wrote this page. Every ratio is of two measurements of one run on the same machine and rows. A section says
when and of what it was measured; `make bench ARGS="--part load"` measures one again.
"""
TITLES = {
    "load": "Loading usage events",
    "memory": "Memory of a large load",
    "usage": "From events to daily usage",
    "daily": "From raw to daily on DuckDB",
    "lake": "The lake lane",
    "large_day": "Memory of a large day",
    "spark": "Spark",
    "rating": "Rating and reconciliation",
    "schedules": "Schedules, journal and roll-forwards",
    "month_end": "A month-end run",
    "cases": "Worked cases",
    "recon": "Controls against known truth",
}


def section(part: str, lines: list[str], about: str, load_before: str) -> str:
    """The section of a part: its title, what it was measured on, and its ``lines``."""
    when = f"{datetime.now(UTC):%Y-%m-%d} UTC, tieout {code_version()}; load average before the run: {load_before}."
    return "\n".join([f"## {TITLES[part]}", "", f"{when} {about}.", "", *lines, ""])


def rewritten(page: str, sections: dict[str, str]) -> str:
    """``page`` with these sections (by part) in the place of those that it has; the others stay."""
    kept = {text.partition("\n")[0]: f"## {text.rstrip()}\n" for text in page.split("\n## ")[1:]}
    every = (sections.get(part) or kept.get(title) for part, title in TITLES.items())
    return "\n".join([HEAD, *(text for text in every if text)])


def about(server: str) -> tuple[str, str]:
    """The machine, and the load before a run."""
    return machine.describe(server), machine.load()
