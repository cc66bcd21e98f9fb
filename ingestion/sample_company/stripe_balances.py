"""Rows of the processor's balance reports: for every UTC day and currency the balances and what moved them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from ingestion.sample_company.days import END_OF_WORLD, epoch, midnight
from ingestion.sample_company.extract import Row
from ingestion.sample_company.money import to_major

# A day's report is there two hours after the day.
REPORTED_AFTER = timedelta(days=1, hours=2)


def balance_rows(transactions: Iterable[Row]) -> Iterator[tuple[str, datetime, Row]]:
    """Record id, instant and row of every line of the reports over these balance transactions (one of each id)."""
    moved: dict[str, dict[date, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for row in transactions:
        day = datetime.fromtimestamp(row["created"], UTC).date()
        moved[row["currency"]][day][row["reporting_category"]] += row["net"]
    for currency, days in sorted(moved.items()):
        balance = 0
        day = min(days)
        while midnight(day) + REPORTED_AFTER < END_OF_WORLD:
            categories = days.get(day, {})
            closing = balance + sum(categories.values())
            amounts = {"starting_balance": balance, **dict(sorted(categories.items())), "ending_balance": closing}
            for category, minor in amounts.items():
                yield _row(day, currency, category, minor)
            balance = closing
            day += timedelta(days=1)


def _row(day: date, currency: str, category: str, minor: int) -> tuple[str, datetime, Row]:
    start, end = epoch(midnight(day)), epoch(midnight(day + timedelta(days=1)))
    row = {
        "interval_start": start,
        "interval_end": end,
        "currency": currency,
        "category": category,
        "net_amount": to_major(minor, currency),
    }
    return f"{currency}|{start}|{end}|{category}", midnight(day) + REPORTED_AFTER, row
