"""What was planted in a sample world against what the controls raised.

A planted fault is found when an open break of its control has its key, class, amount and quantity. Recall is found
faults over faults; precision is open breaks that are a found fault over open breaks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

OPEN_BREAKS = """
    select control_id, tracking_key, break_class, currency, amount_minor, quantity_delta
    from reconciliation.recon_breaks
    where status = 'open'
    order by control_id, tracking_key
"""


@dataclass(frozen=True)
class Score:
    """`missed` are planted labels that no break answers, `extra` are open breaks that answer no label."""

    faults: int
    breaks: int
    missed: list[str]
    extra: list[str]

    @property
    def recall(self) -> Decimal:
        """Share of the planted faults that were found, with class, key, amount and quantity."""
        return Decimal(self.faults - len(self.missed)) / self.faults if self.faults else Decimal(1)

    @property
    def precision(self) -> Decimal:
        """Share of the open breaks that are a planted fault."""
        return Decimal(self.breaks - len(self.extra)) / self.breaks if self.breaks else Decimal(1)

    def __str__(self) -> str:
        found = self.faults - len(self.missed)
        return (
            f"{found} of {self.faults} planted faults found, recall {self.recall:.2%}; "
            f"{self.breaks} open breaks, precision {self.precision:.2%}"
        )


def labels(truth: Path, kind: str) -> list[dict[str, Any]]:
    """The labels of one kind (fault or decoy) of a truth.jsonl."""
    rows = [json.loads(line) for line in truth.read_text("utf-8").splitlines()]
    return [row for row in rows if row["kind"] == kind]


def open_breaks(url: str) -> list[dict[str, Any]]:
    """Every open break of a warehouse."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(OPEN_BREAKS).fetchall()


def score(planted: list[dict[str, Any]], raised: list[dict[str, Any]]) -> Score:
    """Compare labels with open breaks, each used once."""
    answers: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for one in raised:
        answers.setdefault((one["control_id"], one["tracking_key"], one["break_class"]), []).append(one)
    missed = []
    for label in planted:
        candidates = answers.get((label["control_expected"], label["key"], label["class"]), [])
        match = next((one for one in candidates if _agrees(label, one)), None)
        if match is None:
            missed.append(f"{label['fault_id']} {label['key']} {label['amount']} {label['quantity']}: {candidates}")
        else:
            candidates.remove(match)
    extra = [str(one) for rest in answers.values() for one in rest]
    return Score(len(planted), len(raised), missed, extra)


def _agrees(label: dict[str, Any], one: dict[str, Any]) -> bool:
    if label["amount"] is not None and (one["amount_minor"], one["currency"]) != (
        int(label["amount"]),
        label["currency"],
    ):
        return False
    return label["quantity"] is None or one["quantity_delta"] == Decimal(label["quantity"])
