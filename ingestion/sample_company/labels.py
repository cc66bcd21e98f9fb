"""Truth: what was planted, under the key, class and amount by which its control will show it.

An ERP invoice gets its id only when the ERP is written, so a label holds the invoice and is resolved at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from ingestion.sample_company.days import delivery_day, rfc3339

Key = str | Callable[[], str]
# Every class at least twice; one small mistake for each of six controls in the month to close; nothing at all.
Faults = Literal["all", "few", "none"]


@dataclass(frozen=True)
class Label:
    """One fault or decoy. `amount` is minor units, left minus right; None where the control only counts.

    `also` are the controls and keys of breaks that the same cause raises elsewhere.
    """

    kind: str
    break_class: str
    control: str
    system: str
    key: Key
    currency: str | None
    amount: int | None
    quantity: str | None
    injected_at: datetime
    visible_from: date
    clears_on: date | None = None
    also: tuple[tuple[str, str], ...] = ()

    def row(self, fault_id: str) -> dict[str, Any]:
        """The line of truth.jsonl."""
        return {
            "kind": self.kind,
            "fault_id": fault_id,
            "class": self.break_class,
            "control_expected": self.control,
            "system": self.system,
            "key": self.key if isinstance(self.key, str) else self.key(),
            "currency": self.currency,
            "amount": None if self.amount is None else str(self.amount),
            "quantity": self.quantity,
            "injected_at": rfc3339(self.injected_at),
            "should_be_visible_at": self.visible_from.isoformat(),
            "should_clear_at": None if self.clears_on is None else self.clears_on.isoformat(),
            "also": [list(place) for place in self.also],
        }


def visible(recorded: datetime, days: int = 0) -> date:
    """The first delivery that shows it, when the control allows `days` after the record."""
    return delivery_day(recorded + timedelta(days=days))
