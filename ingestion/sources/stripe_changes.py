"""Which objects changed, as Stripe's events say. An event is a sign that an id changed and never the object's state.

Some changes have no event of their own object: a dispute changes its charge, a credit note its invoice, a discount the
customer or subscription it stands on. Such events count as changes of those objects too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ingestion.sources import json_text
from ingestion.sources.stripe import TYPES

# Of a preview, not of an object that exists.
PREVIEWS = frozenset({"invoice.upcoming"})
# Events that say that an object is gone. A subscription that is "deleted" has ended: the object stays.
DELETIONS = {
    "customers": "customer.deleted",
    "products": "product.deleted",
    "prices": "price.deleted",
    "coupons": "coupon.deleted",
    "invoices": "invoice.deleted",
}
OBJECT_OF_TYPE = {kind: name for name, kind in TYPES.items()}
# What else changes with an object of a type: the object, and where the event's copy names it.
RELATED: dict[str, dict[str, str]] = {
    "dispute": {"charges": "charge"},
    "refund": {"charges": "charge"},
    "credit_note": {"invoices": "invoice"},
    "invoice_payment": {"invoices": "invoice"},
    "discount": {"customers": "customer", "subscriptions": "subscription", "invoices": "invoice"},
}


class Changes:
    """Changed ids by object, each once, in the order of their first event; and the last words on deleted objects."""

    def __init__(self, events: Iterable[str] = ()) -> None:
        self.newest = 0
        self._ids: dict[str, dict[str, None]] = {}
        self._deleted: dict[tuple[str, str], tuple[int, str]] = {}
        for event in events:
            self.add(event)

    def add(self, text: str) -> None:
        """Take note of an event; the same event again, or an older one after a newer one, changes nothing."""
        event = json_text.parse(text)
        created = int(event.get("created") or 0)
        self.newest = max(self.newest, created)
        copy = (event.get("data") or {}).get("object")
        if not isinstance(copy, dict) or event.get("type") in PREVIEWS:
            return
        kind = str(copy.get("object"))
        name = OBJECT_OF_TYPE.get(kind)
        if name is not None and isinstance(copy.get("id"), str):
            self._note(name, copy["id"])
            if event.get("type") == DELETIONS.get(name, ""):
                self._note_deletion(name, copy["id"], created, text)
        for related, field in RELATED.get(kind, {}).items():
            if (identity := _id_of(copy.get(field))) is not None:
                self._note(related, identity)

    def of(self, name: str) -> list[str]:
        """Ids of one object that changed."""
        return list(self._ids.get(name, {}))

    def last_words(self, name: str, identity: str) -> str | None:
        """The object as its deletion left it, marked ``deleted``; None when no event says that it was deleted."""
        found = self._deleted.get((name, identity))
        return None if found is None else found[1]

    def _note(self, name: str, identity: str) -> None:
        self._ids.setdefault(name, {})[identity] = None

    def _note_deletion(self, name: str, identity: str, created: int, text: str) -> None:
        known = self._deleted.get((name, identity))
        if known is None or known[0] <= created:
            self._deleted[name, identity] = created, _marked_deleted(text)


def _marked_deleted(event: str) -> str:
    """The copy that a deletion event carries, with ``deleted`` true as its first member."""
    data = json_text.member(event, "data")
    copy = json_text.member(event, "object", data[0]) if data else None
    if copy is None:
        raise json_text.JsonTextError("the event holds no object")
    fields = [
        f"{json.dumps(key)}:{event[begin:end]}"
        for key, begin, end in json_text.members(event, copy[0])
        if key != "deleted"
    ]
    return "{" + ",".join(['"deleted":true', *fields]) + "}"


def _id_of(value: Any) -> str | None:
    """The id of a reference, whether it is expanded or not."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) and found else None
