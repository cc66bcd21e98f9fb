"""Every object that may land: where it comes from, which table it goes to, and what makes a record of it valid.

An object is a folder ``<landing>/<system>/<object>/``. Its rules are data; ``ingestion.documents`` applies them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingestion.records import BadRecord
from ingestion.timestamps import day, epoch, instant, rfc3339

JSON_FORMATS = ("jsonl", "ndjson", "json", "parquet")
TABLE_FORMATS = ("csv", "parquet")
PAGED_FORMATS = ("csv", "json", "jsonl", "parquet")
EMPTY_ONLY: frozenset[str] = frozenset()
CRM_NULLS = frozenset({"#N/A"})

DECIMAL = re.compile(r"[+-]?[0-9]{1,38}(\.[0-9]{1,38})?")
WHOLE = re.compile(r"[0-9]{1,18}")
SALESFORCE_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
CHECKSUM_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

Cast = Callable[[Any], Any]


def decimal_text(value: Any) -> Any:
    """A plain finite decimal in ASCII digits, as it stands. Raises BadRecord ``bad_number``."""
    if not DECIMAL.fullmatch(str(value)) or isinstance(value, bool):
        raise BadRecord("bad_number", f"{value!r} is no plain decimal such as 12.50")
    return value


def positive_text(value: Any) -> Any:
    """As decimal_text, and above zero."""
    if not str(decimal_text(value)).lstrip("+").strip("0.") or str(value).startswith("-"):
        raise BadRecord("bad_number", f"{value!r} is not above zero")
    return value


def whole_text(value: Any) -> Any:
    """Digits alone. Raises BadRecord ``bad_number``."""
    if not WHOLE.fullmatch(str(value)) or isinstance(value, bool):
        raise BadRecord("bad_number", f"{value!r} is no whole number")
    return value


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
    if len(value) > len("15 characters..") and value[15:] != suffix:
        raise BadRecord(
            "bad_identifier", f"{value!r} does not fit its last three characters: letters changed their case"
        )
    return value[:15] + suffix


@dataclass(frozen=True, slots=True)
class ObjectSpec:
    """Rules of one object.

    ``identity`` are the fields that make the record id, joined by ``|``; ``case_id`` says that they are Salesforce ids.
    ``optional_identity`` is used instead where a record has it. ``required`` must be in the header of a table and have
    a value in every record, as the identity must. ``casts`` are read strictly but stored as they came. ``updated_at``
    is the field with the system's own time of change, ``clock`` how it is read. ``nulls`` are texts that mean null.
    ``object_type`` is what the record says it is in its field ``object``, ``deleted`` the field that says it is gone.
    """

    system: str
    name: str
    table: str
    formats: tuple[str, ...]
    identity: tuple[str, ...]
    required: tuple[str, ...] = ()
    optional_identity: tuple[str, ...] = ()
    case_id: bool = False
    casts: tuple[tuple[str, Cast], ...] = ()
    updated_at: str | None = None
    clock: Callable[[Any], datetime] = instant
    nulls: frozenset[str] = EMPTY_ONLY
    object_type: str | None = None
    deleted: str | None = None
    api_version: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns without which a table of this object cannot be loaded."""
        return tuple(dict.fromkeys((*self.identity, *self.required)))


def snake(name: str) -> str:
    """``OpportunityLineItem`` as ``opportunity_line_item``; ``Product2`` as ``product2``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _specs() -> list[ObjectSpec]:
    return [*_usage(), *_control_plane(), *_catalog(), *_stripe(), *_crm(), *_erp(), *_bank(), *_tax_and_fx()]


def _usage() -> list[ObjectSpec]:
    return [
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
    ]


def _control_plane() -> list[ObjectSpec]:
    def spec(name: str, identity: tuple[str, ...], **rules: Any) -> ObjectSpec:
        return ObjectSpec("control_plane", name, f"control_plane__{name}", JSON_FORMATS, identity, **rules)

    return [
        spec(
            "accounts",
            ("account_id",),
            required=("created_at", "status", "timezone", "updated_at"),
            casts=(("created_at", rfc3339), ("timezone", _zone)),
            updated_at="updated_at",
            clock=rfc3339,
        ),
        spec("entitlements", ("account_id", "feature_code", "valid_from"), casts=(("quantity", decimal_text),)),
        spec("provisioning", ("account_id", "resource", "at"), required=("state",), casts=(("at", rfc3339),)),
    ]


def _catalog() -> list[ObjectSpec]:
    identities = {
        "plans": ("plan_code", "valid_from"),
        "prices": ("price_code",),
        "meters": ("meter_code",),
        "conventions": ("billing_system", "valid_from"),
        "policies": ("policy", "valid_from"),
    }
    return [
        ObjectSpec("catalog", name, f"catalog__{name}", ("yaml", "yml"), identity)
        for name, identity in identities.items()
    ]


def _stripe() -> list[ObjectSpec]:
    types = {
        "customers": "customer",
        "products": "product",
        "prices": "price",
        "coupons": "coupon",
        "tax_rates": "tax_rate",
        "subscriptions": "subscription",
        "invoices": "invoice",
        "invoice_line_items": "line_item",
        "invoice_payments": "invoice_payment",
        "credit_notes": "credit_note",
        "charges": "charge",
        "payment_intents": "payment_intent",
        "refunds": "refund",
        "disputes": "dispute",
        "balance_transactions": "balance_transaction",
        "payouts": "payout",
        "events": "event",
        "meters": "billing.meter",
        "meter_event_summaries": "billing.meter_event_summary",
    }
    specs = []
    for name, object_type in types.items():
        is_event = name == "events"
        specs.append(
            ObjectSpec(
                "stripe",
                name,
                f"stripe__{name}",
                JSON_FORMATS,
                ("id",),
                required=("type", "created", "data") if is_event else (),
                object_type=object_type,
                deleted="deleted",
                updated_at="created" if is_event else None,
                clock=epoch,
                api_version="api_version" if is_event else None,
            )
        )
    specs.append(
        ObjectSpec(
            "stripe",
            "payout_balance_transactions",
            "stripe__payout_balance_transactions",
            JSON_FORMATS,
            ("payout", "balance_transaction"),
        )
    )
    return specs


def _crm() -> list[ObjectSpec]:
    names = (
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
    return [
        ObjectSpec(
            "crm",
            name,
            f"crm__{snake(name)}",
            PAGED_FORMATS,
            ("Id",),
            case_id=True,
            updated_at="SystemModstamp",
            nulls=CRM_NULLS,
            deleted="IsDeleted",
        )
        for name in names
    ]


def _erp() -> list[ObjectSpec]:
    def spec(name: str, identity: tuple[str, ...] = ("id",), **rules: Any) -> ObjectSpec:
        updated_at = rules.pop("updated_at", "lastmodifieddate")
        return ObjectSpec("erp", name, f"erp__{name}", PAGED_FORMATS, identity, updated_at=updated_at, **rules)

    return [
        *(spec(name) for name in ("customer", "item", "account", "accountingperiod", "subsidiary", "currency")),
        spec("transaction", required=("type",)),
        spec("currencyrate", ("basecurrency", "transactioncurrency", "effectivedate"), optional_identity=("id",)),
        spec("transactionline", ("transaction", "id"), updated_at="linelastmodifieddate"),
        spec(
            "transactionaccountingline",
            ("accountingbook", "transaction", "transactionline", "account"),
            updated_at=None,
        ),
    ]


def _bank() -> list[ObjectSpec]:
    formats = ("xml", "sta", "mt940", "940", "bai", "bai2", "txt", "csv")
    return [ObjectSpec("bank", "statements", "bank__statements", formats, ("record_id",))]


def _tax_and_fx() -> list[ObjectSpec]:
    dates = (("valid_from", day), ("valid_to", day))
    return [
        ObjectSpec(
            "tax",
            "rates",
            "tax__rates",
            TABLE_FORMATS,
            ("jurisdiction", "product_tax_code", "valid_from"),
            required=("rate",),
            casts=(("rate", decimal_text), *dates),
        ),
        ObjectSpec(
            "tax",
            "exemptions",
            "tax__exemptions",
            TABLE_FORMATS,
            ("customer", "jurisdiction", "valid_from"),
            casts=dates,
        ),
        ObjectSpec(
            "fx",
            "rates",
            "fx__rates",
            ("csv",),
            ("date", "from", "to"),
            required=("rate",),
            casts=(("date", day), ("rate", positive_text)),
        ),
    ]


def _zone(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", value):
        raise BadRecord("bad_value", f"{value!r} is no time zone such as Europe/Berlin")
    return value


OBJECTS: dict[tuple[str, str], ObjectSpec] = {(spec.system, spec.name): spec for spec in _specs()}
SYSTEMS = tuple(dict.fromkeys(spec.system for spec in OBJECTS.values()))
