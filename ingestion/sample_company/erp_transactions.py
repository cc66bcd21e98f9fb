"""ERP transactions from bills, wires and credit notes.

A transaction's lines: 0 is the main line (total, debit positive for an invoice). Each item line n (odd) is followed by
its tax line n + 1. Revenue and tax are credits, so amounts and quantities are negative. Payments and memos apply by
lines that name an invoice and have a positive amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from ingestion.sample_company.bill_contracts import DUE_DAYS
from ingestion.sample_company.cash import Wire
from ingestion.sample_company.days import midnight
from ingestion.sample_company.documents import CreditNote, Invoice, Line
from ingestion.sample_company.facts import Account


@dataclass
class TransactionLine:
    """`amount` is signed minor units as NetSuite holds it in foreignamount; `post` is the ledger amount (debit +)."""

    line_id: int
    amount: int
    account: str
    post: int
    mainline: bool = False
    taxline: bool = False
    item: str | None = None
    quantity: Decimal | None = None
    rate: Decimal | None = None
    starts: date | None = None
    ends: date | None = None
    order_item: str | None = None
    tax_of: int | None = None
    applied_to: str | None = None
    memo: str | None = None


@dataclass
class Transaction:
    """One ERP transaction; `states` are (instant, status, closed on), oldest first."""

    kind: str
    day: date
    account: Account
    currency: str
    external_id: str | None
    lines: list[TransactionLine]
    states: list[tuple[datetime, str, date | None]]
    due: date | None = None
    invoice: Invoice | None = None
    transaction_id: str = ""
    memo: str | None = None


def invoice_transaction(invoice: Invoice) -> Transaction:
    """CustInvc of either origin; a voided one is marked so when that happens."""
    mirrored = invoice.subscription is not None
    lines = [TransactionLine(0, invoice.total, "1100", invoice.total, mainline=True)]
    for number, line in enumerate(invoice.lines):
        lines += _item_lines(line, 2 * number + 1, -1, taxed=invoice.account.exempt_reason is None)
    states: list[tuple[datetime, str, date | None]] = [(invoice.finalized, "A", None)]
    if invoice.voided_at is not None:
        states.append((invoice.voided_at, "V", None))
    elif invoice.closed_at is not None:
        states.append((invoice.closed_at, "B", invoice.closed_at.date()))
    due = invoice.due.date() if invoice.due else invoice.finalized.date() + timedelta(days=0 if mirrored else DUE_DAYS)
    return Transaction(
        "CustInvc",
        invoice.finalized.date(),
        invoice.account,
        invoice.currency,
        invoice.invoice_id if mirrored else None,
        lines,
        states,
        due,
        invoice,
        memo=f"Stripe {invoice.number}" if mirrored else None,
    )


def _item_lines(line: Line, line_id: int, sign: int, *, taxed: bool) -> list[TransactionLine]:
    order_line = line.order_line
    item = TransactionLine(
        line_id,
        sign * line.net,
        line.price.revenue_account,
        sign * line.net,
        item=line.price.erp_item_id,
        quantity=sign * line.quantity,
        rate=_line_rate(line),
        starts=line.start.date(),
        ends=line.end.date(),
        order_item=order_line.order_item_id if order_line else None,
        memo=line.price.product_code,
    )
    if not taxed:
        return [item]
    tax = TransactionLine(
        line_id + 1, sign * line.tax, "2100", sign * line.tax, taxline=True, tax_of=line_id, memo=line.price.tax_code
    )
    return [item, tax]


def _line_rate(line: Line) -> Decimal | None:
    if line.rate is not None:
        return line.rate
    if line.order_line is not None and not line.order_line.metered:
        return line.order_line.unit_price
    return None


def payment_transaction(wire: Wire) -> Transaction:
    """CustPymt of one wire, applied to each invoice it pays."""
    at = midnight(wire.day) + timedelta(hours=12)
    lines = [TransactionLine(0, wire.amount, "1000", wire.amount, mainline=True)]
    lines += [
        TransactionLine(number, amount, "1100", -amount, applied_to=invoice.invoice_id)
        for number, (invoice, amount) in enumerate(wire.applied, start=1)
    ]
    return Transaction(
        "CustPymt",
        wire.day,
        wire.account,
        wire.account.currency,
        None,
        lines,
        [(at, "C", wire.day)],
        memo=wire.reference,
    )


def memo_transaction(invoice: Invoice, note: CreditNote) -> Transaction:
    """CustCred: the lines of the note as positive amounts, applied to its invoice."""
    lines = [TransactionLine(0, -note.amount, "1100", -note.amount, mainline=True)]
    for number, (line, net, tax) in enumerate(note.lines):
        lines.append(
            TransactionLine(
                3 * number + 1, net, line.price.revenue_account, net, item=line.price.erp_item_id, memo="credit"
            )
        )
        lines.append(TransactionLine(3 * number + 2, tax, "2100", tax, taxline=True, tax_of=3 * number + 1))
        lines.append(TransactionLine(3 * number + 3, net + tax, "1100", 0, applied_to=invoice.invoice_id))
    return Transaction(
        "CustCred",
        note.created.date(),
        invoice.account,
        invoice.currency,
        None,
        lines,
        [(note.created, "B", note.created.date())],
    )


def mirror_payment(invoice: Invoice, number: int, mirror_id: str) -> Transaction:
    """CustPymt that mirrors a payment collected by the processor."""
    payment = invoice.payments[number]
    lines = [
        TransactionLine(0, payment.amount, "1200", payment.amount, mainline=True),
        TransactionLine(1, payment.amount, "1100", -payment.amount, applied_to=mirror_id),
    ]
    return Transaction(
        "CustPymt",
        payment.at.date(),
        invoice.account,
        invoice.currency,
        payment.intent_id,
        lines,
        [(payment.at, "C", payment.at.date())],
    )
