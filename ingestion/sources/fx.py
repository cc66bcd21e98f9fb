"""Exchange rates as the ECB publishes them, or in a long table. Weekends and holidays are missing by nature."""

from __future__ import annotations

from ingestion.objects import ObjectSpec, positive_text
from ingestion.timestamps import day

OBJECTS = (
    ObjectSpec(
        "fx",
        "rates",
        "fx__rates",
        ("csv",),
        ("date", "from", "to"),
        required=("rate",),
        casts=(("date", day), ("rate", positive_text)),
    ),
)
