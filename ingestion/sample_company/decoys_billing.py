"""Lines that look wrong and are right: a control that raises one of them is wrong itself."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.sample_company.bill_subscriptions import USAGE_GRACE
from ingestion.sample_company.catalogue import rate
from ingestion.sample_company.days import local_date
from ingestion.sample_company.documents import Invoice
from ingestion.sample_company.faults_billing import LATEST, Billed, Wanted
from ingestion.sample_company.labels import Label, visible
from ingestion.sample_company.usage import Book

LAST_ANCHOR_DAY = 31


def billing_decoys(subscriptions: list[Invoice], book: Book) -> Iterator[Label]:
    """One of each kind, on invoices that carry no fault: the class it might be mistaken for, and the line."""
    kinds: list[tuple[str, Wanted]] = [
        # an upgrade and a downgrade in the middle of a period
        ("PRORATION", lambda b: b.line.kind == "proration_charge" and b.invoice.reason == "subscription_update"),
        ("PRORATION", lambda b: b.line.kind == "proration_credit" and b.invoice.reason == "subscription_cycle"),
        ("PRICE_VERSION", _grandfathered),
        ("TIER", lambda b: b.line.kind == "usage" and b.line.price.charge_model == "volume"),
        # a currency without decimals
        ("QTY", lambda b: b.line.kind == "recurring" and b.invoice.currency == "jpy"),
        # issued again after a void
        ("DOUBLE_BILL", lambda b: b.invoice.number.endswith("R") and b.line.kind == "recurring"),
        ("UNBILLED", lambda b: b.line.kind == "trial"),
        # rounded to a whole minor unit
        ("AMOUNT", lambda b: b.line.kind == "usage" and rate(b.line.price, b.line.quantity) % 1 != 0),
        # usage that came late, in time for the bill and after it
        ("QTY", lambda b: _late(b, book, after_cutoff=False)),
        ("QTY", lambda b: _late(b, book, after_cutoff=True)),
        ("PRORATION", lambda b: b.invoice.account.timezone != "UTC" and b.line.start.day == LAST_ANCHOR_DAY),
    ]
    clean = [i for i in subscriptions if i.paid_as == "" and i.finalized < LATEST and i.voided_at is None]
    lines = [Billed(invoice, line) for invoice in clean for line in invoice.lines]
    seen = set()
    for break_class, wanted in kinds:
        found = next((billed for billed in lines if billed.line.key not in seen and wanted(billed)), None)
        if found is not None:
            seen.add(found.line.key)
            yield Label(
                kind="decoy",
                break_class=break_class,
                control="B1",
                system="stripe",
                key=found.line.key,
                currency=found.invoice.currency,
                amount=None,
                quantity=None,
                injected_at=found.invoice.finalized,
                visible_from=visible(found.invoice.finalized),
            )


def _grandfathered(billed: Billed) -> bool:
    valid_to = billed.line.price.valid_to
    return valid_to is not None and billed.line.start.date() >= valid_to


def _late(billed: Billed, book: Book, *, after_cutoff: bool) -> bool:
    """Whether usage of the line's period was recorded after its end, and after its invoice was final."""
    invoice, line = billed
    cutoff = line.end + USAGE_GRACE
    zone = invoice.account.timezone
    return line.kind == "usage" and any(
        event.account_id == invoice.account.account_id
        and event.meter_code == line.price.meter_code
        and local_date(line.start, zone) <= event.local_day < local_date(line.end, zone)
        and (event.recorded >= cutoff if after_cutoff else line.end <= event.recorded < cutoff)
        for event in book.late
    )
