"""Tax rates and exemptions by jurisdiction, as CSV."""

from __future__ import annotations

from ingestion.objects import TABLE_FORMATS, ObjectSpec, decimal_text
from ingestion.timestamps import day

DAYS = (("valid_from", day), ("valid_to", day))
OBJECTS = (
    ObjectSpec(
        "tax",
        "rates",
        "tax__rates",
        TABLE_FORMATS,
        ("jurisdiction", "product_tax_code", "valid_from"),
        required=("rate",),
        casts=(("rate", decimal_text), *DAYS),
    ),
    ObjectSpec(
        "tax", "exemptions", "tax__exemptions", TABLE_FORMATS, ("customer", "jurisdiction", "valid_from"), casts=DAYS
    ),
)
