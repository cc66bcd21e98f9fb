"""What every fault of the raw files needs: victims that carry no other fault, and a label that says what was done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from bench.recon.extracts import Extracts, Row
from ingestion.sample_company.randomness import substream

INSTANCES = 3
# Minor units by which an amount is changed: one, some, many.
SIZES = (1, 250, 12_500)
# What is changed happened before; every control has waited long enough for it at the last delivery.
SETTLED = datetime(2026, 10, 24, tzinfo=UTC)
SEEN_ON = "2026-11-09"
LAST_MONTH = 10
T = TypeVar("T")
Places = Iterable[tuple[str, str]]


class Planter:
    """Plants into the extracts of one world. Ids in the labels of other faults and decoys are left alone."""

    def __init__(self, extracts: Extracts, seed: int) -> None:
        self.extracts = extracts
        self.rng = substream(seed, "raw faults")
        self.rows: list[dict[str, Any]] = []
        self._truth = extracts.root / "truth.jsonl"
        self._taken = self._truth.read_text("utf-8")
        self._used: set[str] = set()

    def choose(
        self, candidates: Iterable[Row], key: str, wanted: Callable[[Row], bool], count: int = INSTANCES
    ) -> list[Row]:
        """Up to `count` of the candidates that no fault is about, by the value of `key`; no two worlds the same."""
        fits = [row for row in candidates if self.is_free(str(row[key])) and wanted(row)]
        self.rng.shuffle(fits)
        # One of every currency first, where rows have one.
        firsts = list({row.get("currency"): row for row in reversed(fits)}.values())
        chosen = (firsts + [row for row in fits if row not in firsts])[:count]
        self.take(*(str(row[key]) for row in chosen))
        return chosen

    def shuffled(self, rows: Iterable[T]) -> list[T]:
        """The rows in an order that is another one in every world."""
        found = list(rows)
        self.rng.shuffle(found)
        return found

    def is_free(self, name: str) -> bool:
        """Whether nothing was done to the record yet."""
        return name not in self._used and name not in self._taken

    def take(self, *names: str) -> None:
        """Keep records from other faults."""
        self._used |= set(names)

    def label(
        self,
        control: str,
        break_class: str,
        key: str,
        *,
        money: tuple[int, str] | None = None,
        quantity: str | None = None,
        also: Places = (),
    ) -> None:
        """Say what was done: `money` is left less right in minor units and its currency."""
        self.rows.append(
            {
                "kind": "fault",
                "fault_id": f"raw-{control}-{break_class}-{len(self.rows) + 1}".lower(),
                "class": break_class,
                "control_expected": control,
                "system": "raw",
                "key": key,
                "currency": money[1] if money else None,
                "amount": str(money[0]) if money else None,
                "quantity": quantity,
                "injected_at": None,
                "should_be_visible_at": SEEN_ON,
                "should_clear_at": None,
                "also": [list(place) for place in also],
            }
        )

    def decoy(self, control: str, break_class: str, key: str) -> None:
        """Say what was done that is unusual and right: nothing may be raised there."""
        self.label(control, break_class, key)
        self.rows[-1] |= {"kind": "decoy", "fault_id": self.rows[-1]["fault_id"].replace("raw", "decoy", 1)}

    def save(self) -> None:
        """Write the changed files, and add the labels to the truth."""
        self.extracts.save()
        with self._truth.open("a", encoding="utf-8") as truth:
            truth.writelines(json.dumps(row) + "\n" for row in self.rows)


def is_settled(epoch: object) -> bool:
    """Whether a record of these seconds since 1970 is old enough that nothing waits for it any more."""
    return isinstance(epoch, int) and epoch < SETTLED.timestamp()


def other_month(day: str) -> str:
    """A day of the month after, or of the month before where the world has none after."""
    month = int(day[5:7])
    return f"2026-{month + 1:02d}-01" if month < LAST_MONTH else f"2026-{month - 1:02d}-28"


def by_id(name: str, key: str = "id") -> Callable[[Row], bool]:
    """Rows of this id."""
    return lambda row: str(row[key]) == name
