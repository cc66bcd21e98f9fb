"""What must not matter: the order of rows, columns and days, the names of ids and of bank columns, building twice."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bench.recon import worlds
from bench.recon.bank_files import BankFiles
from bench.recon.score import Break, open_breaks
from bench.scratch import Database
from ingestion.landing import load_landing
from ingestion.sample_company.randomness import substream
from orchestration.build import build

# A day whose delivery is held back until the days after it have been built.
HELD_BACK = date(2026, 11, 3)
Said = frozenset[tuple[object, ...]]


@dataclass(frozen=True)
class Variant:
    """How many breaks a variant of a world raises otherwise than the world itself."""

    name: str
    breaks: int
    different: int

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        return [f"{self.name}: {self.different} of {self.breaks} breaks differ"] if self.different else []


def said(breaks: list[Break]) -> Said:
    """What breaks say, and by which id they are known."""
    return frozenset((one.break_id, *_content(one, one.tracking_key)) for one in breaks)


def renamed(breaks: list[Break], rename: Callable[[bytes], bytes]) -> Said:
    """What breaks say when their keys are renamed; ids name the keys, so that they are others."""
    return frozenset(_content(one, rename(one.tracking_key.encode()).decode()) for one in breaks)


def _content(one: Break, key: str) -> tuple[object, ...]:
    return (one.control_id, one.break_class, key, one.currency, one.amount_minor, one.quantity_delta)


def variants(database: Database, seed: int, landing: Path, built: str) -> Iterator[Variant]:
    """Build the world again in every variant, and compare what is raised with what the built world raised.

    Its warehouse is gone afterwards.
    """
    breaks = open_breaks(built)
    other = landing.with_name(landing.name + "-variant")

    def copied() -> Path:
        shutil.rmtree(other, ignore_errors=True)
        return Path(shutil.copytree(landing, other))

    worlds.reordered(copied(), substream(seed, "shuffled").shuffle)
    worlds.renamed(other, worlds.with_other_ids)
    expected = renamed(breaks, worlds.with_other_ids)
    with worlds.built(database, other) as url:
        yield _compared("other ids, and rows in another order", expected, renamed(open_breaks(url), bytes))
        build(select=worlds.RECONCILIATION, tests=False, holder="bench")
        yield _compared("the same built twice", expected, renamed(open_breaks(url), bytes))
    worlds.rearranged(copied())
    with worlds.built(database, other) as url:
        yield _compared("columns and fields in another order, and more of them", said(breaks), said(open_breaks(url)))
    BankFiles(copied()).save_as_csv()
    expected = renamed(breaks, _by_day)
    with worlds.built(database, other) as url:
        name = "statements as CSV with a bank's own columns, named by a profile"
        yield _compared(name, expected, renamed(open_breaks(url), _by_day))
    with database(worlds.DATABASE) as url:
        load_landing(copied(), end=HELD_BACK)
        load_landing(other, start=HELD_BACK + timedelta(days=1))
        build(select=worlds.RECONCILIATION, tests=False, holder="bench")
        load_landing(other)
        build(select=worlds.RECONCILIATION, tests=False, holder="bench")
        yield _compared("a later day before an earlier one", said(breaks), said(open_breaks(url)))
    shutil.rmtree(other)


STATEMENT = re.compile(rb"\b(?P<account>[A-Z]{2}[0-9]{2}[A-Z0-9]+)\|[^|]*?(?P<day>20[0-9]{2}-[0-9]{2}-[0-9]{2})\|")


def _by_day(key: bytes) -> bytes:
    """A key with statements named by their day alone: a CSV file has no numbers of pages."""
    return STATEMENT.sub(rb"\g<account>|\g<day>|", key)


def page(found: list[Variant]) -> list[str]:
    """Lines of the page."""
    return [
        "| the same world with | breaks | that differ |",
        "|---|---:|---:|",
        *(f"| {one.name} | {one.breaks} | {one.different} |" for one in found),
        "",
        "Other currencies and volumes are those of the companies in the table of worlds. Columns of an extract are",
        "read by the names that its system gives them, in any order; only a bank's CSV names its own.",
    ]


def _compared(name: str, expected: Said, found: Said) -> Variant:
    return Variant(name, len(expected), len(expected ^ found))
