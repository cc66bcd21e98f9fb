"""NetSuite: CSV with SuiteQL names, or SuiteQL's JSON pages. Times without zone are UTC; ask for ISO dates.

`isdeleted` is no column of SuiteQL: our own source says with it that a record stands in the list of deleted records,
and with `transactionlastmodifieddate` with which change of its transaction a line was read.
"""

from __future__ import annotations

from typing import Any

from ingestion.objects import PAGED_FORMATS, ObjectSpec


def _object(
    name: str, identity: tuple[str, ...] = ("id",), updated_at: str | None = "lastmodifieddate", **rules: Any
) -> ObjectSpec:
    return ObjectSpec(
        "erp", name, f"erp__{name}", PAGED_FORMATS, identity, updated_at=updated_at, deleted="isdeleted", **rules
    )


OBJECTS = (
    *(_object(name) for name in ("customer", "item", "account", "accountingperiod", "subsidiary", "currency")),
    _object("transaction", required=("type",)),
    _object("currencyrate", ("basecurrency", "transactioncurrency", "effectivedate"), optional_identity=("id",)),
    _object("transactionline", ("transaction", "id"), "linelastmodifieddate"),
    # Lines that do not post have no account.
    _object(
        "transactionaccountingline",
        ("accountingbook", "transaction", "transactionline", "account"),
        "transactionlastmodifieddate",
        may_be_empty=("account",),
    ),
)
