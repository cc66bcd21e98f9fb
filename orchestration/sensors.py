"""What starts a run when something arrives."""

import hashlib
import json
from collections import defaultdict
from datetime import date
from pathlib import Path

import dagster as dg

from ingestion.landing import discover
from orchestration.jobs import daily_tie_out
from orchestration.partitions import FIRST_DAY
from orchestration.resources import LandingFolder

SECONDS_BETWEEN_LOOKS = 60
RUNS_AT_ONCE = 31


@dg.sensor(
    job=daily_tie_out,
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    description="A delivery day with complete files that no run was asked for yet gets a run.",
)
def landing_folder_sensor(context: dg.SensorEvaluationContext, landing_folder: LandingFolder) -> dg.SensorResult:
    """Compare what lies complete in the landing folder with what it was at the last look (the cursor)."""
    seen: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
    found = fingerprints(landing_folder.place())
    changed = sorted(day for day, fingerprint in found.items() if seen.get(day) != fingerprint)[:RUNS_AT_ONCE]
    requests = [
        dg.RunRequest(partition_key=day, run_key=f"{day}:{found[day]}", tags={"tieout/cause": "delivery"})
        for day in changed
    ]
    cursor = seen | {day: found[day] for day in changed}
    return dg.SensorResult(
        run_requests=requests,
        cursor=json.dumps(cursor, sort_keys=True),
        skip_reason=None if requests else dg.SkipReason("No delivery day has changed."),
    )


def fingerprints(landing: Path | str) -> dict[str, str]:
    """By delivery day (ISO): what its complete files are, by name and version."""
    try:
        found = discover(landing)
    except FileNotFoundError:
        return {}
    files: dict[date, list[str]] = defaultdict(list)
    for delivery in found:
        day = delivery.delivered_on
        if day is not None and day >= FIRST_DAY and delivery.is_announced():
            files[day].append(f"{delivery.label} {delivery.store.stat(delivery.label).version}")
    return {
        day.isoformat(): hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
        for day, names in files.items()
    }


SENSORS = [landing_folder_sensor]
