from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from ingestion.sample_company.catalogue import METERS
from ingestion.sample_company.usage_lines import CANARY

WRITE_USAGE = """
import resource
import sys
from pathlib import Path
from ingestion.sample_company.landing_files import Landing
from ingestion.sample_company.roster import build_facts
from ingestion.sample_company.usage import UsageFaults, UsageWriter
UsageWriter(Landing(Path(sys.argv[1])), build_facts(7, 2), 7, int(sys.argv[2]), UsageFaults()).write()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def instants(event):
    return datetime.fromisoformat(event["time"]), datetime.fromisoformat(event["recordedtime"])


def test_every_line_is_a_cloud_event_with_exact_numbers(clean):
    meters = {meter.event_type: meter for meter in METERS}
    for event in clean.json_lines("usage", "events"):
        assert event["specversion"] == "1.0"
        meter = meters[event["type"]]
        assert event["source"] == meter.source
        assert isinstance(event["data"][meter.quantity_field], int | Decimal)
        occurred, recorded = instants(event)
        assert occurred.tzinfo is not None
        assert occurred <= recorded


def test_producers_count_what_they_sent_once_per_identity(clean):
    counts: Counter = Counter()
    sums: defaultdict = defaultdict(Decimal)
    seen = set()
    fields = {meter.event_type: (meter.quantity_field, meter.aggregation) for meter in METERS}
    for event in clean.json_lines("usage", "events"):
        if (event["source"], event["id"]) in seen:
            continue
        seen.add((event["source"], event["id"]))
        window = (event["source"], f"{instants(event)[0].astimezone(UTC):%Y-%m-%dT00:00:00Z}")
        name, aggregation = fields[event["type"]]
        counts[window] += 1
        sums[window] += 1 if aggregation == "count" else event["data"][name]
    said = {}
    for path in clean.files("usage", "control_totals"):
        with path.open(newline="") as stream:
            for row in csv.DictReader(stream):
                said[row["source"], row["window_start"]] = (int(row["event_count"]), Decimal(row["quantity_sum"]))
    assert said == {window: (count, sums[window]) for window, count in counts.items()}


def test_there_are_late_repeated_and_conflicting_events_and_a_canary(clean):
    copies = defaultdict(set)
    repeated = late = canaries = 0
    for event in clean.json_lines("usage", "events"):
        text = json.dumps(event["data"], default=str)
        repeated += text in copies[event["source"], event["id"]]
        copies[event["source"], event["id"]].add(text)
        occurred, recorded = instants(event)
        late += (recorded - occurred).days >= 1
        canaries += CANARY in text
    conflicts = [identity for identity, texts in copies.items() if len(texts) > 1]
    assert min(repeated, late, canaries, len(conflicts)) > 20


def test_some_instants_are_printed_with_an_offset(clean):
    assert any(event["time"].endswith("+09:00") for event in clean.json_lines("usage", "events"))


def test_both_sides_of_a_local_midnight_are_used(clean):
    midnights = [event for event in clean.json_lines("usage", "events") if event["id"].endswith(("-m0", "-m1"))]
    assert {instants(event)[0].second for event in midnights} == {0, 59}


def peak_memory(folder: Path, scale: int) -> int:
    """Most kilobytes a process of its own held while it wrote the usage of two months and a week."""
    done = subprocess.run(
        [sys.executable, "-c", WRITE_USAGE, str(folder), str(scale)],
        cwd=Path(__file__).parents[3], check=True, capture_output=True, text=True,
    )  # fmt: skip
    return int(done.stdout)


def test_memory_does_not_grow_with_scale(tmp_path):
    small, large = peak_memory(tmp_path / "small", 1), peak_memory(tmp_path / "large", 20)
    sizes = [sum(path.stat().st_size for path in (tmp_path / name).rglob("*.jsonl")) for name in ("small", "large")]
    assert sizes[1] > 15 * sizes[0]
    assert large - small < 8 << 10
