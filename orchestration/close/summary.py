"""The close summary of one month, read from the reconciliation models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from orchestration.words import NO_CURRENCY, exponent_of, exponents, money
from warehouse.connection import connect

LAST_PERIOD = "select max(period_month) from reconciliation.recon_tie_out where period_month < %s"
AS_OF = "select as_of_at from intermediate.int_clock__as_of"
TIE_OUT = """
    select currency, billed_minor, tied_minor, tied_share, line_count, tied_line_count
    from reconciliation.recon_tie_out
    where period_month = %s
    order by billed_minor desc, currency
"""
# A break belongs to the month of its business date, and is still that month's until it is cleared.
BREAKS = """
    select
        breaks.control_id, controls.name, breaks.currency,
        count(*) as break_count, sum(breaks.amount_minor) as amount_minor, sum(abs(breaks.amount_minor)) as gross_minor
    from reconciliation.recon_breaks as breaks
    inner join reconciliation.recon_controls as controls on breaks.control_id = controls.control_id
    where breaks.status = 'open' and breaks.business_on < %(end)s
    group by breaks.control_id, controls.name, breaks.currency
    order by breaks.control_id, breaks.currency
"""
EXPECTED = """
    select count(*) from reconciliation.recon_breaks where status = 'expected' and business_on < %(end)s
"""
GATE = """
    select gate, control_id, currency, reason, break_count, amount_minor
    from reconciliation.recon_close_gate
    where period_month = %s
    order by gate, control_id, currency, reason
"""


class NothingToClose(RuntimeError):
    """There is no built month to summarise yet; the message says what to do."""


@dataclass(frozen=True)
class TieOutLine:
    """One currency of the month, amounts in its minor units. ``tied_share`` is of value, None for nothing billed."""

    currency: str
    exponent: int
    billed_minor: int
    tied_minor: int
    tied_share: Decimal | None
    lines: int
    tied_lines: int


@dataclass(frozen=True)
class BreakLine:
    """Open breaks of one control in one currency; ``amount_minor`` is net (left minus right), None for counts only."""

    control_id: str
    control: str
    currency: str
    exponent: int
    count: int
    amount_minor: int | None
    gross_minor: int | None


@dataclass(frozen=True)
class GateReason:
    """One reason why the month is not ready: what it says, and how much (``3 breaks, USD 1,344.74``), if it counts."""

    gate: str
    says: str
    size: str

    @property
    def text(self) -> str:
        """Both in one sentence."""
        return f"{self.says}: {self.size}" if self.size else self.says


@dataclass(frozen=True)
class CloseSummary:
    """What a controller wants on one screen. ``as_of`` comes from the data: the end of the last delivered day."""

    period: date
    as_of: datetime | None
    tie_out: list[TieOutLine]
    breaks: list[BreakLine]
    expected: int
    gate: list[GateReason]

    @property
    def is_ready(self) -> bool:
        """True when the month was built and nothing blocks it."""
        return bool(self.tie_out) and not self.gate


def close_summary_of(period: date | None = None) -> CloseSummary:
    """The summary of one month (its first day), by default the last one that had ended by the business clock.

    Raises NothingToClose when the models were never built, or the month has no billed lines.
    """
    decimals = exponents()
    with connect("auditor", autocommit=True) as connection:
        try:
            as_of = _as_of(connection)
            chosen = period or _last_ended(connection, as_of)
            return _read(connection, chosen, as_of, decimals)
        except psycopg.errors.UndefinedTable as error:
            raise NothingToClose("Nothing is built yet. Run: tieout build") from error


def _read(
    connection: psycopg.Connection[Any], period: date, as_of: datetime | None, decimals: Mapping[str, int]
) -> CloseSummary:
    end = {"end": _next_month(period)}
    with connection.cursor(row_factory=dict_row) as cursor:
        tie_out = [
            TieOutLine(
                currency=row["currency"],
                exponent=exponent_of(row["currency"], decimals),
                billed_minor=int(row["billed_minor"]),
                tied_minor=int(row["tied_minor"]),
                tied_share=row["tied_share"],
                lines=row["line_count"],
                tied_lines=row["tied_line_count"],
            )
            for row in cursor.execute(TIE_OUT, (period,)).fetchall()
        ]
        if not tie_out:
            raise NothingToClose(f"Nothing was billed in {period:%Y-%m}, as far as what is built knows.")
        breaks = [
            BreakLine(
                control_id=row["control_id"],
                control=row["name"],
                currency=row["currency"] or NO_CURRENCY,
                exponent=exponent_of(row["currency"], decimals),
                count=row["break_count"],
                amount_minor=None if row["amount_minor"] is None else int(row["amount_minor"]),
                gross_minor=None if row["gross_minor"] is None else int(row["gross_minor"]),
            )
            for row in cursor.execute(BREAKS, end).fetchall()
        ]
        expected = cursor.execute(EXPECTED, end).fetchone()
        gate = [_reason(row, decimals) for row in cursor.execute(GATE, (period,)).fetchall()]
    return CloseSummary(period, as_of, tie_out, breaks, int((expected or {"count": 0})["count"]), gate)


def _reason(row: Mapping[str, Any], decimals: Mapping[str, int]) -> GateReason:
    says = f"{row['control_id']} {row['reason']}" if row["control_id"] else f"{row['gate']}, {row['reason']}"
    facts = []
    if row["break_count"]:
        facts.append(f"{row['break_count']:,}")
    if row["amount_minor"] is not None and row["currency"] != NO_CURRENCY:
        facts.append(money(int(row["amount_minor"]), row["currency"], exponent_of(row["currency"], decimals)))
    return GateReason(row["gate"], says, " for ".join(facts))


def _as_of(connection: psycopg.Connection[Any]) -> datetime | None:
    found = connection.execute(AS_OF).fetchone()
    return found[0] if found else None


def _last_ended(connection: psycopg.Connection[Any], as_of: datetime | None) -> date:
    if as_of is None:
        raise NothingToClose("Nothing has been delivered yet. Run: tieout load <landing folder>, then tieout build")
    found = connection.execute(LAST_PERIOD, (as_of.date().replace(day=1),)).fetchone()
    if found is None or found[0] is None:
        raise NothingToClose("No month with billed lines has ended yet, by the last day that was delivered.")
    period: date = found[0]
    return period


def _next_month(period: date) -> date:
    return date(period.year + period.month // 12, period.month % 12 + 1, 1)
