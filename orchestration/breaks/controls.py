"""How each control stands: its numbers as they are told beside its asset, and whether it is within its materiality."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, LiteralString

from orchestration.queries import rows_of
from orchestration.words import NO_CURRENCY, count, exponent_of, exponents, money

TOTALS: LiteralString = """
    select
        control_id, comparison, currency,
        sum(left_count) as left_count, sum(right_count) as right_count, sum(matched_count) as matched_count,
        sum(break_count) as break_count, sum(expected_count) as expected_count,
        sum(left_minor) as left_minor, sum(right_minor) as right_minor, sum(difference_minor) as difference_minor,
        sum(gross_breaks_minor) as gross_breaks_minor, sum(rounding_minor) as rounding_minor
    from reconciliation.recon_control_totals
    group by control_id, comparison, currency
    order by control_id, comparison, currency
"""
COUNTS = ("left_count", "right_count", "matched_count", "break_count", "expected_count")
AMOUNTS = ("left_minor", "right_minor", "difference_minor", "gross_breaks_minor", "rounding_minor")
OVER: LiteralString = """
    select control_id, period_month, currency, break_count, amount_minor
    from reconciliation.recon_gate__breaks
    order by control_id, period_month, currency
"""


@dataclass
class ControlStanding:
    """Months in which a control's open breaks are over its materiality, a line each, and how many breaks that is."""

    lines: list[str] = field(default_factory=list)
    breaks: int = 0


def model_of(control_id: str, comparison: str) -> str:
    """Name of the model, and so of the asset, of a comparison."""
    return f"recon_{control_id.lower()}__{comparison}"


def control_numbers() -> dict[str, dict[str, Any]]:
    """By model: rows on both sides, matched, expected and broken, and totals of each currency in words."""
    decimals = exponents()
    numbers: dict[str, dict[str, Any]] = {}
    for row in rows_of(TOTALS):
        found = numbers.setdefault(model_of(row["control_id"], row["comparison"]), dict.fromkeys(COUNTS, 0))
        for name in COUNTS:
            found[name] += int(row[name])
        if row["currency"] != NO_CURRENCY:
            exponent = exponent_of(row["currency"], decimals)
            for name in AMOUNTS:
                words = money(int(row[name]), row["currency"], exponent)
                found[name.removesuffix("_minor")] = "; ".join(
                    part for part in (found.get(name.removesuffix("_minor")), words) if part
                )
    return numbers


def over_materiality() -> dict[str, ControlStanding]:
    """Controls of which what is neither explained nor resolved is more than they may have open, by their id."""
    decimals = exponents()
    standings: dict[str, ControlStanding] = {}
    for row in rows_of(OVER):
        standing = standings.setdefault(row["control_id"], ControlStanding())
        amount = money(row["amount_minor"], row["currency"], exponent_of(row["currency"], decimals))
        standing.breaks += int(row["break_count"])
        standing.lines.append(f"{row['period_month']:%Y-%m}: {count(int(row['break_count']), 'break')} {amount}")
    return standings
