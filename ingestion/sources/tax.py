"""Tax rates and exemptions by jurisdiction, as CSV."""

from __future__ import annotations

from ingestion.objects import TABLE_FORMATS, ObjectSpec, interval, share_text
from ingestion.timestamps import day

DAYS = (("valid_from", day), ("valid_to", day))
VALID = interval("valid_from", "valid_to")
OBJECTS = (
    ObjectSpec(
        "tax",
        "rates",
        "tax__rates",
        TABLE_FORMATS,
        ("jurisdiction", "product_tax_code", "valid_from"),
        required=("rate",),
        casts=(("rate", share_text), *DAYS),
        rules=(VALID,),
    ),
    ObjectSpec(
        "tax",
        "exemptions",
        "tax__exemptions",
        TABLE_FORMATS,
        ("customer", "jurisdiction", "valid_from"),
        casts=DAYS,
        rules=(VALID,),
    ),
)
