"""Exchange rates as the ECB publishes them, or in a long table. Weekends and holidays are missing by nature."""

from __future__ import annotations

from typing import Any

from ingestion.objects import ObjectSpec, currency_text, positive_text
from ingestion.records import BadRecord
from ingestion.timestamps import day


def _of_two(fields: dict[str, Any]) -> None:
    if str(fields["from"]).upper() == str(fields["to"]).upper():
        raise BadRecord("bad_value", f"a rate from {fields['from']} to itself; a currency needs none")


OBJECTS = (
    ObjectSpec(
        "fx",
        "rates",
        "fx__rates",
        ("csv",),
        ("date", "from", "to"),
        required=("rate",),
        id_form=str.upper,
        casts=(("date", day), ("from", currency_text), ("to", currency_text), ("rate", positive_text)),
        rules=(_of_two,),
    ),
)
