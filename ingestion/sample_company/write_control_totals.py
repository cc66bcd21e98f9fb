"""What each producer says it sent: one row per source and UTC day, restated when late events arrive."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from ingestion.sample_company.days import LAST_ACTIVITY, delivery_day, midnight, rfc3339
from ingestion.sample_company.extract import Row, csv_rows
from ingestion.sample_company.landing_files import Landing
from ingestion.sample_company.usage import SYSTEM, TOTALS, UsageOutcome
from ingestion.sample_company.usage_lines import UNIT

COLUMNS = ["source", "window_start", "window_end", "event_count", "quantity_sum"]


@dataclass
class ManifestFaults:
    """How a producer's own numbers differ from what it sent, per (source, UTC day). Quantities in thousandths."""

    counts: dict[tuple[str, date], int] = field(default_factory=dict)
    quantities: dict[tuple[str, date], int] = field(default_factory=dict)
    missing: set[tuple[str, date]] = field(default_factory=set)


def write_control_totals(landing: Landing, usage: UsageOutcome, faults: ManifestFaults) -> None:
    """One file per delivery with every window that is new or changed in it."""
    by_delivery: dict[date, set[tuple[str, date]]] = {}
    for recorded, windows in usage.restated.items():
        if recorded <= LAST_ACTIVITY:
            by_delivery.setdefault(delivery_day(midnight(recorded)), set()).update(windows)
    for delivered_on, windows in sorted(by_delivery.items()):
        rows = [_row(usage, key, delivered_on, faults) for key in sorted(windows) if key not in faults.missing]
        if rows:
            landing.write(SYSTEM, TOTALS, delivered_on, "control_totals.csv", csv_rows(COLUMNS)(rows), rows=len(rows))


def _row(usage: UsageOutcome, key: tuple[str, date], delivered_on: date, faults: ManifestFaults) -> Row:
    source, day = key
    window = usage.windows[key]
    count = window.count - sum(late.count for late in usage.still_to_come(key, delivered_on))
    thousandths = window.thousandths - sum(late.thousandths for late in usage.still_to_come(key, delivered_on))
    return {
        "source": source,
        "window_start": rfc3339(midnight(day)),
        "window_end": rfc3339(midnight(day + timedelta(days=1))),
        "event_count": count + faults.counts.get(key, 0),
        "quantity_sum": f"{Decimal(thousandths + faults.quantities.get(key, 0)) / UNIT:f}",
    }
