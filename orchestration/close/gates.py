"""The gates of a close: what each asks, how it stands, and the rows a person looks at.

The questions are models of dbt (``dbt_project/models/reconciliation/gate``), the list of them a seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import psycopg
from psycopg.rows import dict_row

Status = Literal["passed", "open", "waived", "not checked"]

REGISTRY = """
    select gate_no, gate, question, remedy
    from reconciliation.recon_gates
    order by gate_no, gate
"""
# Gates that cannot be asked of the month, and why.
UNCHECKED = """
    select gate, because
    from reconciliation.recon_unchecked_gates
    where period_month = %(period)s and entity = %(entity)s
"""
# Gates of deliveries and controls belong to the month; gates of the books also to an entity.
REASONS = """
    select gate, control_id, currency, reason, break_count, amount_minor
    from reconciliation.recon_close_gate
    where period_month = %(period)s
    union all
    select gate, null, currency, reason, row_count, amount_minor
    from reconciliation.recon_ledger_gate
    where period_month = %(period)s and entity = %(entity)s
    order by 1, 2, 3, 4
"""


@dataclass(frozen=True)
class Reason:
    """One row that keeps a gate from passing. ``amount_minor`` is in minor units of ``currency``, None for counts."""

    control_id: str | None
    currency: str
    says: str
    count: int
    amount_minor: int | None


@dataclass(frozen=True)
class Gate:
    """One question of the close. ``because`` says why it was waived, or why it cannot be asked of the month."""

    number: int
    name: str
    question: str
    remedy: str
    status: Status
    because: str | None = None
    reasons: list[Reason] = field(default_factory=list)

    def as_record(self) -> dict[str, Any]:
        """For the record of a closing, which keeps how each gate stood."""
        return {
            "gate_no": self.number,
            "gate": self.name,
            "status": self.status,
            "because": self.because,
            "reasons": [f"{reason.currency}: {reason.says}" for reason in self.reasons],
        }


def read_gates(
    connection: psycopg.Connection[Any], entity: str, period: date, waivers: Mapping[str, str]
) -> list[Gate]:
    """Every gate of a month in order, as the caller's transaction sees it.

    ``waivers`` says of a gate why it may stay open.
    """
    asked = {"entity": entity, "period": period}
    with connection.cursor(row_factory=dict_row) as cursor:
        registered = cursor.execute(REGISTRY).fetchall()
        unchecked = {row["gate"]: row["because"] for row in cursor.execute(UNCHECKED, asked).fetchall()}
        found: dict[str, list[Reason]] = {}
        for row in cursor.execute(REASONS, asked).fetchall():
            amount = None if row["amount_minor"] is None else int(row["amount_minor"])
            reason = Reason(row["control_id"], row["currency"], row["reason"], int(row["break_count"]), amount)
            found.setdefault(row["gate"], []).append(reason)
    unknown = sorted((found.keys() | unchecked.keys()) - {row["gate"] for row in registered})
    if unknown:
        raise RuntimeError(f"gates that seeds/recon_gates.csv does not name: {', '.join(unknown)}")
    return [
        _gate(row, found.get(row["gate"], []), waivers.get(row["gate"]), unchecked.get(row["gate"]))
        for row in registered
    ]


def _gate(row: Mapping[str, Any], reasons: list[Reason], waiver: str | None, unchecked: str | None) -> Gate:
    status: Status = "passed"
    because = None
    if reasons and waiver is not None:
        status, because = "waived", waiver
    elif reasons:
        status = "open"
    elif unchecked is not None:
        status, because = "not checked", unchecked
    return Gate(row["gate_no"], row["gate"], row["question"], row["remedy"], status, because, reasons)
