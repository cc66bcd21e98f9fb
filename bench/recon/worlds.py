"""Worlds with known truth: written, changed in their raw files, landed and built like a user's."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.recon import plan
from bench.recon.extracts import Extracts, is_delivered, read, read_bytes, write
from bench.recon.plan import Plan
from bench.scratch import Database
from ingestion import sample_company
from ingestion.landing import load_landing
from orchestration.build import build

# What scores are read from, and what it needs.
RECONCILIATION = ("+recon_breaks", "+recon_control_totals", "+recon_tie_out")
# One name for every world: dbt keeps its parsed project as long as its profile is the same.
DATABASE = "bench_recon"


@dataclass(frozen=True)
class Profile:
    """A company: how much it is used, for how many months it is there, and which currencies stand for the sample's."""

    name: str
    scale: int = 1
    months: int = 3
    currencies: tuple[tuple[str, str], ...] = ()


PROFILES = (
    Profile("dollar, euro, yen"),
    Profile("Australian dollar, euro, won", currencies=(("usd", "aud"), ("jpy", "krw"))),
    Profile("three times the usage, four months", scale=3, months=4),
)


def written(seed: int, profile: Profile, landing: Path, which: Plan | None = None) -> Path:
    """Write a world and plant the faults of a plan into its files; without one the world is clean."""
    shutil.rmtree(landing, ignore_errors=True)
    sample_company.write(seed, profile.scale, profile.months, landing, faults=which.faults if which else "none")
    if which:
        plan.plant(landing, seed, which.plants)
    for before, after in profile.currencies:
        renamed(landing, partial(_currency, before.encode(), after.encode()))
    return landing


def renamed(landing: Path, rename: Callable[[bytes], bytes]) -> None:
    """Rewrite every delivered file, and the truth, through `rename`, which keeps the number of rows."""
    for path in sorted(landing.glob("*/*/*/*")):
        if is_delivered(path):
            content = read_bytes(path)
            changed = rename(content)
            if changed != content:
                write(path, changed)
    truth = landing / "truth.jsonl"
    truth.write_bytes(rename(truth.read_bytes()))


def _currency(before: bytes, after: bytes, content: bytes) -> bytes:
    """Every mention in capitals and in small letters; ids that hold it are renamed with it, everywhere alike."""
    return content.replace(before, after).replace(before.upper(), after.upper())


def reordered(landing: Path, shuffle: Callable[[list[str]], None]) -> None:
    """Put the lines of every file that is a list of records into another order, usage events aside.

    Of two events of one id the first delivered counts, so their order is not free.
    """
    for path in sorted(landing.glob("*/*/*/*")):
        if not is_delivered(path) or (path.parts[-4] == "usage" and path.parts[-3] == "events"):
            continue
        if ".jsonl" not in path.suffixes and path.suffix != ".csv":
            continue
        lines = read_bytes(path).decode().splitlines(keepends=True)
        head, rest = (lines[:1], lines[1:]) if path.suffix == ".csv" else ([], lines)
        shuffle(rest)
        write(path, "".join(head + rest).encode())


def rearranged(landing: Path) -> None:
    """Put columns and fields of every file of records into another order; files of CRM and ERP get a column more.

    The product reads columns by their names, which systems give: in another language only a bank's profile names them.
    """
    for path in sorted(landing.glob("*/*/*/*")):
        if is_delivered(path) and not {".csv", ".json", ".jsonl"}.isdisjoint(path.suffixes):
            file = read(path)
            more = {UNREAD: "of no concern"} if path.parts[-4] in {"crm", "erp"} else {}
            file.rows[:] = [more | dict(reversed(row.items())) for row in file.rows]
            if file.rows:
                write(path, file.content(), len(file.rows))


UNREAD = "custom_remark"
STRIPE_ID = re.compile(rb"\b(?:cus|sub|si|in|il|ch|pi|po|txn|re|dp|cn|inpay|price)_[0-9A-Za-z]{10,}\b")


def with_other_ids(content: bytes) -> bytes:
    """Every id of the processor spelled backwards after its prefix: another name for the same thing, everywhere."""
    return STRIPE_ID.sub(lambda found: _backwards(found.group()), content)


def _backwards(name: bytes) -> bytes:
    prefix, _, rest = name.partition(b"_")
    return prefix + b"_" + rest[::-1]


@contextmanager
def built(database: Database, landing: Path, select: Sequence[str] = RECONCILIATION) -> Iterator[str]:
    """A warehouse with the world in it; its URL, which the environment names too."""
    with database(DATABASE) as url:
        load_landing(landing)
        build(select=select, tests=False, holder="bench")
        yield url


def planted(landing: Path) -> Extracts:
    """The landed files, to be changed further."""
    return Extracts(landing)
