"""Usage: what customers did, as CloudEvents from the producers, and what each producer says it sent.

Files alone. ``events`` are read by ``ingestion.usage`` into a table of their own, because of their volume.
"""

from __future__ import annotations

from ingestion.objects import TABLE_FORMATS, ObjectSpec, decimal_text, whole_text
from ingestion.timestamps import rfc3339

OBJECTS = (
    ObjectSpec("usage", "events", "usage__events", ("jsonl", "ndjson", "json", "parquet"), ("source", "id")),
    ObjectSpec(
        "usage",
        "control_totals",
        "usage__control_totals",
        TABLE_FORMATS,
        ("source", "window_start", "window_end"),
        required=("event_count", "quantity_sum"),
        casts=(
            ("window_start", rfc3339),
            ("window_end", rfc3339),
            ("event_count", whole_text),
            ("quantity_sum", decimal_text),
        ),
    ),
)
