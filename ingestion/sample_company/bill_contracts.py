"""The sales-assisted biller: ERP-like invoices from contracts, order lines and the usage book.

One invoice per contract and date. Recurring lines are billed in advance on the period's first day, usage two days after
the month. Periods are whole dates from the contract's start. An order line that starts inside a period is billed a
stub, by days, on its own first day.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from ingestion.sample_company.bill_subscriptions import USAGE_GRACE
from ingestion.sample_company.catalogue import rate
from ingestion.sample_company.days import END_OF_WORLD, add_months, midnight
from ingestion.sample_company.documents import Invoice, Line
from ingestion.sample_company.facts import Contract, Facts, OrderLine
from ingestion.sample_company.money import round_half_away, to_minor
from ingestion.sample_company.usage import Book

DUE_DAYS = 30


def bill_contracts(facts: Facts, book: Book) -> list[Invoice]:
    """All ERP invoices of the world's contracts, by date and contract."""
    invoices = []
    for contract in facts.contracts:
        by_date: dict[date, list[Line]] = {}
        for order_line in contract.lines():
            for billed_on, line in _lines(contract, order_line, book):
                if midnight(billed_on) < END_OF_WORLD:
                    by_date.setdefault(billed_on, []).append(line)
        invoices += [invoice_of(contract, billed_on, lines) for billed_on, lines in by_date.items()]
    invoices.sort(key=lambda invoice: (invoice.created, invoice.account.account_id))
    for invoice in invoices:
        invoice.settle_totals()
    return invoices


def invoice_of(contract: Contract, billed_on: date, lines: list[Line]) -> Invoice:
    """An invoice of the contract dated `billed_on`, due thirty days later. The ERP writer numbers it."""
    at = midnight(billed_on) + timedelta(hours=6)
    return Invoice(
        invoice_id="",
        number="",
        account=contract.account,
        currency=contract.account.currency,
        created=at,
        finalized=at,
        lines=lines,
        contract=contract,
        due=midnight(billed_on + timedelta(days=DUE_DAYS)),
        collection_method="send_invoice",
    )


def order_gross(order_line: OrderLine) -> Decimal:
    """Exact minor units of one full billing period."""
    return order_line.quantity * to_minor(order_line.unit_price, order_line.price.currency)


def stub_gross(order_line: OrderLine, starts: date, start: date, end: date) -> int:
    """Share of the period [start, end) from `starts` on, by days."""
    return round_half_away(order_gross(order_line) * (end - starts).days / (end - start).days)


def _lines(contract: Contract, order_line: OrderLine, book: Book) -> list[tuple[date, Line]]:
    months = order_line.price.months
    found: list[tuple[date, Line]] = []
    number = 0
    while True:
        start = add_months(contract.start, number * months, contract.start.day)
        end = add_months(contract.start, (number + 1) * months, contract.start.day)
        number += 1
        if midnight(start) >= END_OF_WORLD or start >= contract.end:
            return found
        if end <= order_line.service_date:
            continue
        if order_line.metered:
            found.append((end + USAGE_GRACE, _usage(contract, order_line, book, start, end)))
        else:
            found.append((max(start, order_line.service_date), _recurring(order_line, start, end)))


def _usage(contract: Contract, order_line: OrderLine, book: Book, start: date, end: date) -> Line:
    price = order_line.price
    cutoff = midnight(end) + USAGE_GRACE
    quantity = book.quantity(contract.account.account_id, price.meter_code or "", start, end, cutoff)
    return _line(order_line, "usage", start, end, quantity=quantity, gross=round_half_away(rate(price, quantity)))


def _recurring(order_line: OrderLine, start: date, end: date) -> Line:
    starts = order_line.service_date
    if start < starts < end:
        kind = "proration_charge" if order_line.quantity > 0 else "proration_credit"
        gross = stub_gross(order_line, starts, start, end)
        return _line(order_line, kind, starts, end, quantity=order_line.quantity, gross=gross)
    gross = round_half_away(order_gross(order_line))
    return _line(order_line, "recurring", start, end, quantity=order_line.quantity, gross=gross)


def _line(order_line: OrderLine, kind: str, start: date, end: date, *, quantity: Decimal, gross: int) -> Line:
    return Line(
        source_id=order_line.order_item_id,
        price=order_line.price,
        kind=kind,
        start=midnight(start),
        end=midnight(end),
        quantity=quantity,
        gross=gross,
        percent=order_line.discount_percent,
        order_line=order_line,
    )
