"""Salesforce: CSV with API names, as Data Loader and Bulk API 2.0 write it; SystemModstamp is the time of change."""

from __future__ import annotations

import re

from ingestion.objects import PAGED_FORMATS, ObjectSpec
from ingestion.records import BadRecord

NULLS = frozenset({"#N/A"})
SALESFORCE_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
CHECKSUM_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
SHORT = 15
NAMES = (
    "Account",
    "Opportunity",
    "OpportunityLineItem",
    "Quote",
    "QuoteLineItem",
    "Order",
    "OrderItem",
    "Contract",
    "Product2",
    "PricebookEntry",
)


def long_id(value: str) -> str:
    """A Salesforce id of 15 characters with the 3 that make it safe in systems that do not tell a from A.

    Raises BadRecord ``bad_identifier`` for what is no Salesforce id, and when the 3 do not fit: then a spreadsheet or a
    join changed the case of letters, and the id now names another record, or none.
    """
    if not SALESFORCE_ID.fullmatch(value):
        raise BadRecord("bad_identifier", f"{value!r} is no Salesforce id (15 or 18 letters and digits)")
    suffix = "".join(
        CHECKSUM_ALPHABET[
            sum(1 << index for index, letter in enumerate(value[start : start + 5]) if "A" <= letter <= "Z")
        ]
        for start in (0, 5, 10)
    )
    if len(value) > SHORT and value[SHORT:] != suffix:
        raise BadRecord(
            "bad_identifier", f"{value!r} does not fit its last three characters: letters changed their case"
        )
    return value[:SHORT] + suffix


def snake(name: str) -> str:
    """``OpportunityLineItem`` as ``opportunity_line_item``; ``Product2`` as ``product2``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


OBJECTS = tuple(
    ObjectSpec(
        "crm",
        name,
        f"crm__{snake(name)}",
        PAGED_FORMATS,
        ("Id",),
        id_form=long_id,
        updated_at="SystemModstamp",
        nulls=NULLS,
        deleted="IsDeleted",
    )
    for name in NAMES
)
