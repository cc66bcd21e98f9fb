"""Stripe's objects as its API gives them, one a line or in list pages. ``ingestion.sources.stripe_api`` pulls them.

An object says in its field ``object`` what it is; one that stands in the wrong folder is quarantined. ``deleted`` marks
deletions. Objects do not say when they changed: of two versions the one that was read later counts. Events carry the
API version they were made with; for other objects the delivery's manifest may say it.
"""

from __future__ import annotations

from typing import Any

from ingestion.objects import JSON_FORMATS, ObjectSpec, currency_text, decimal_text
from ingestion.records import BadRecord
from ingestion.timestamps import epoch

TYPES = {
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


SECONDS_OF_DAY = 86_400


def whole_days(fields: dict[str, Any]) -> None:
    """An interval of a report is one or more UTC days. Raises BadRecord ``bad_interval``."""
    start, end = fields.get("interval_start"), fields.get("interval_end")
    if not isinstance(start, int) or not isinstance(end, int):
        return
    if start % SECONDS_OF_DAY or end % SECONDS_OF_DAY or end <= start:
        raise BadRecord(
            "bad_interval",
            f"interval_start {start} and interval_end {end} are not whole UTC days; run the report in UTC",
        )


def _object(name: str, identity: tuple[str, ...] = ("id",), **rules: Any) -> ObjectSpec:
    rules = {"observed": True, **rules}
    return ObjectSpec("stripe", name, f"stripe__{name}", JSON_FORMATS, identity, deleted="deleted", **rules)


EVENTS = _object(
    "events",
    observed=False,
    object_type="event",
    required=("type", "created", "data"),
    updated_at="created",
    clock=epoch,
    api_version="api_version",
)
OBJECTS = (
    *(_object(name, object_type=kind) for name, kind in TYPES.items() if name != "events"),
    EVENTS,
    # The payout's own list of balance transactions: its key is not on the balance transaction.
    _object("payout_balance_transactions", ("payout", "balance_transaction")),
    # Rows of the balance reports: no object of the API, so none says what it is.
    _object(
        "balance_summaries",
        ("currency", "interval_start", "interval_end", "category"),
        required=("net_amount",),
        casts=(
            ("currency", currency_text),
            ("interval_start", epoch),
            ("interval_end", epoch),
            ("net_amount", decimal_text),
        ),
        rules=(whole_days,),
    ),
)
