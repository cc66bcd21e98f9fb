"""NetSuite: CSV with SuiteQL names, or SuiteQL's JSON pages. Times without zone are UTC; ask for ISO dates."""

from __future__ import annotations

from typing import Any

from ingestion.objects import PAGED_FORMATS, ObjectSpec


def _object(
    name: str, identity: tuple[str, ...] = ("id",), updated_at: str | None = "lastmodifieddate", **rules: Any
) -> ObjectSpec:
    return ObjectSpec("erp", name, f"erp__{name}", PAGED_FORMATS, identity, updated_at=updated_at, **rules)


OBJECTS = (
    *(_object(name) for name in ("customer", "item", "account", "accountingperiod", "subsidiary", "currency")),
    _object("transaction", required=("type",)),
    _object("currencyrate", ("basecurrency", "transactioncurrency", "effectivedate"), optional_identity=("id",)),
    _object("transactionline", ("transaction", "id"), "linelastmodifieddate"),
    # Lines that do not post have no account.
    _object(
        "transactionaccountingline",
        ("accountingbook", "transaction", "transactionline", "account"),
        None,
        may_be_empty=("account",),
    ),
)
