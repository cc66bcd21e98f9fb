"""Faults of controls U1 and U2: producers' own counts that are wrong, and files with what should not be in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from ingestion.sample_company.days import LAST_DELIVERY, delivery_day, midnight, rfc3339
from ingestion.sample_company.labels import Faults, Label, visible
from ingestion.sample_company.money import plain
from ingestion.sample_company.usage import EVENTS, SYSTEM, FileNote, UsageFaults, UsageOutcome
from ingestion.sample_company.usage_lines import UNIT
from ingestion.sample_company.write_control_totals import ManifestFaults

API, RENDER, STORAGE, EDGE = "//acme/api-gateway", "//acme/render", "//acme/storage", "//acme/edge"
# All of the last two simulated months, so they are in every world.
SILENT = ((RENDER, date(2026, 9, 16)), (STORAGE, date(2026, 9, 27)), (EDGE, date(2026, 10, 20)))
TOO_MANY = ((API, date(2026, 10, 6), 25), (RENDER, date(2026, 10, 13), 1), (STORAGE, date(2026, 11, 2), 3))
TOO_FEW = ((EDGE, date(2026, 9, 22), -2), (API, date(2026, 10, 18), -40), (RENDER, date(2026, 10, 29), -1))
DRIFT = (
    (EDGE, date(2026, 10, 15), 12_500),
    (STORAGE, date(2026, 10, 22), 1),
    (API, date(2026, 11, 4), -250 * UNIT),
)
NO_MANIFEST = ((EDGE, date(2026, 10, 3)), (STORAGE, date(2026, 10, 9)), (RENDER, date(2026, 11, 1)))
UNKNOWN_METER = {date(2026, 10, 30): 3, date(2026, 11, 2): 1, date(2026, 11, 3): 5}
FEW_UNKNOWN = {date(2026, 10, 30): 3}
MALFORMED = {date(2026, 9, 14): 4, date(2026, 10, 12): 2, date(2026, 10, 31): 1}
FRESH_MALFORMED = {date(2026, 11, 8): 1}
STORMS = (date(2026, 10, 29), date(2026, 11, 5), date(2026, 11, 6))
MIDNIGHT_DAY = date(2026, 10, 5)
DST_DAYS = (date(2026, 10, 25), date(2026, 11, 1))


def usage_faults(faults: Faults) -> UsageFaults:
    """What producers and their transport do wrong. A malformed line of the last day is there in any faulty world."""
    if faults == "none":
        return UsageFaults()
    if faults == "few":
        return UsageFaults(unknown_meter=dict(FEW_UNKNOWN), malformed=dict(FRESH_MALFORMED))
    return UsageFaults(
        silent=set(SILENT),
        unknown_meter=dict(UNKNOWN_METER),
        malformed=MALFORMED | FRESH_MALFORMED,
        storms=set(STORMS),
    )


def manifest_faults(faults: Faults) -> ManifestFaults:
    """What producers say wrongly about what they sent."""
    if faults != "all":
        return ManifestFaults()
    counts = {(source, day): count for source, day, count in TOO_MANY + TOO_FEW}
    quantities = {(source, day): thousandths for source, day, thousandths in DRIFT}
    return ManifestFaults(counts, quantities, set(NO_MANIFEST))


def usage_labels(outcome: UsageOutcome, usage: UsageFaults, manifests: ManifestFaults) -> Iterator[Label]:
    """Labels of both controls, and the decoys beside them."""
    for source, day in sorted(usage.silent):
        yield _window("SILENT_SOURCE", source, day, None)
    for (source, day), count in sorted(manifests.counts.items()):
        yield _window("UNDER_LANDED" if count > 0 else "OVER_LANDED", source, day, str(count))
    for (source, day), drift in sorted(manifests.quantities.items()):
        yield _window("QTY_DRIFT", source, day, plain(Decimal(drift) / UNIT))
    for source, day in sorted(manifests.missing):
        yield _window("NO_MANIFEST", source, day, str(-outcome.windows[source, day].count))
    for day in (MIDNIGHT_DAY, *DST_DAYS):
        yield _window("QTY_DRIFT", API, day, None, kind="decoy")
    for day in sorted(usage.unknown_meter):
        note = _file(outcome, day)
        yield _in_file("REJECT_UNRATED", note, note.unknown_meter, visible(midnight(day)))
    for day in sorted(usage.malformed):
        note = _file(outcome, day)
        kind = "decoy" if day in FRESH_MALFORMED else "fault"
        seen = LAST_DELIVERY if kind == "decoy" else visible(midnight(day), 3)
        yield _in_file("QUAR_AGE", note, note.malformed, seen, kind=kind)
    for day in sorted(usage.storms):
        note = _file(outcome, day)
        yield _in_file("DUP_RATE", note, note.duplicates, visible(midnight(day)))


def _file(outcome: UsageOutcome, day: date) -> FileNote:
    """The file that took the day's odd lines: the last part of the day."""
    return [note for note in outcome.files if day in note.days][-1]


def _window(break_class: str, source: str, day: date, quantity: str | None, kind: str = "fault") -> Label:
    at = midnight(day + timedelta(days=1))
    key = f"{source}|{rfc3339(midnight(day))}"
    return Label(kind, break_class, "U1", SYSTEM, key, None, None, quantity, at, visible(midnight(day)))


def _in_file(break_class: str, note: FileNote, quantity: int, visible_from: date, kind: str = "fault") -> Label:
    key = f"{SYSTEM}|{EVENTS}|{note.delivered_on}|{note.file_name}"
    at = midnight(min(note.days))
    return Label(
        kind,
        break_class,
        "U2",
        SYSTEM,
        key,
        None,
        None,
        str(quantity),
        at,
        max(visible_from, delivery_day(midnight(min(note.days)))),
    )
