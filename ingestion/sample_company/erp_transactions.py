"""ERP transactions from bills, wires and credit notes.

What the processor holds and keeps is mirrored too: notes and refunds as they happen, fees and payouts by payout, so
that its clearing account is zero for whatever was paid out.

A transaction's lines: 0 is the main line (total, debit positive for an invoice). Each item line n (odd) is followed by
its tax line n + 1. Revenue and tax are credits, so amounts and quantities are negative. Payments and memos apply by
lines that name an invoice and have a positive amount.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from ingestion.sample_company.bill_contracts import DUE_DAYS
from ingestion.sample_company.cash import Booking, Dispute, Payout, Refund, Wire
from ingestion.sample_company.days import midnight
from ingestion.sample_company.documents import CreditNote, Invoice, Line
from ingestion.sample_company.facts import Account, Contract, Order
from ingestion.sample_company.money import round_half_away, to_minor


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
    discount_percent: Decimal | None = None
    frequency: str | None = None


@dataclass
class Transaction:
    """One ERP transaction; `states` are (instant, status, closed on), oldest first."""

    kind: str
    day: date
    account: Account | None
    currency: str
    external_id: str | None
    lines: list[TransactionLine]
    states: list[tuple[datetime, str, date | None]]
    due: date | None = None
    invoice: Invoice | None = None
    transaction_id: str = ""
    memo: str | None = None
    po_number: str | None = None
    posting: bool = True


def invoice_transaction(invoice: Invoice) -> Transaction:
    """CustInvc of either origin; a voided one is marked so when that happens."""
    mirrored = invoice.subscription is not None
    lines = [TransactionLine(0, invoice.total, "1100", invoice.total, mainline=True)]
    for number, line in enumerate(invoice.lines):
        taxed = invoice.account.exempt_reason is None or line.tax != 0
        lines += _item_lines(line, 2 * number + 1, -1, taxed=taxed)
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
        po_number=invoice.contract.orders[0].po_number if invoice.contract else None,
    )


def sales_order(contract: Contract, order: Order) -> Transaction:
    """SalesOrd of an activated CRM order, line by line; it posts nothing."""
    lines = []
    for number, line in enumerate(order.lines, start=1):
        amount = round_half_away(line.quantity * to_minor(str(line.unit_price), contract.account.currency))
        lines.append(
            TransactionLine(
                number,
                -amount,
                line.price.revenue_account,
                0,
                item=line.price.erp_item_id,
                quantity=-line.quantity,
                rate=line.unit_price,
                starts=line.service_date,
                ends=contract.end,
                order_item=line.order_item_id,
                discount_percent=line.discount_percent,
                frequency=line.frequency,
            )
        )
    total = -sum(line.amount for line in lines)
    return Transaction(
        "SalesOrd",
        order.effective_date,
        contract.account,
        contract.account.currency,
        order.order_id,
        [TransactionLine(0, total, "1100", 0, mainline=True), *lines],
        [(midnight(order.effective_date), "B", None)],
        po_number=order.po_number,
        posting=False,
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
        wire.account.parent or wire.account,
        wire.account.currency,
        None,
        lines,
        [(at, "C", wire.day)],
        memo=wire.reference,
    )


def memo_transaction(invoice: Invoice, note: CreditNote, mirror_id: str | None = None) -> Transaction:
    """CustCred: the lines of the note as positive amounts, applied to its invoice unless a refund pays it out."""
    lines = [TransactionLine(0, -note.amount, "1100", -note.amount, mainline=True)]
    for number, (line, net, tax) in enumerate(note.lines):
        lines.append(
            TransactionLine(
                3 * number + 1, net, line.price.revenue_account, net, item=line.price.erp_item_id, memo="credit"
            )
        )
        lines.append(TransactionLine(3 * number + 2, tax, "2100", tax, taxline=True, tax_of=3 * number + 1))
        if not note.post_payment:
            applied_to = mirror_id or invoice.invoice_id
            lines.append(TransactionLine(3 * number + 3, net + tax, "1100", 0, applied_to=applied_to))
    return Transaction(
        "CustCred",
        note.created.date(),
        invoice.account,
        invoice.currency,
        note.note_id if mirror_id else None,
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


def mirror_refund(refund: Refund, note_id: str | None) -> Transaction:
    """CustRfnd that mirrors money given back through the processor; it pays out the credit memo of that id."""
    lines = [
        TransactionLine(0, -refund.amount, "1200", -refund.amount, mainline=True),
        TransactionLine(1, refund.amount, "1100", refund.amount, applied_to=note_id),
    ]
    return Transaction(
        "CustRfnd",
        refund.at.date(),
        refund.invoice.account,
        refund.invoice.currency,
        refund.refund_id,
        lines,
        [(refund.at, "C", refund.at.date())],
    )


def dispute_journals(dispute: Dispute) -> Iterator[Transaction]:
    """Journals of what a customer's bank took back, and of what came back when the dispute was won."""
    currency = dispute.invoice.currency
    yield _journal(dispute.dispute_id, dispute.opened, currency, -dispute.amount, {"6200": dispute.amount})
    if dispute.closed is not None and dispute.won:
        external_id = f"{dispute.dispute_id}-won"
        yield _journal(external_id, dispute.closed, currency, dispute.amount, {"6200": -dispute.amount})


def payout_journals(payout: Payout, listed: list[Booking]) -> Iterator[Transaction]:
    """Deposit of a payout: what is `listed` leaves clearing, as cash and fees; a failed one comes back by journal."""
    gross = sum(booking.amount for booking in listed)
    fees = sum(booking.fee for booking in listed)
    parts = {"1000": gross - fees} | ({"6100": fees} if fees else {})
    yield replace(_journal(payout.payout_id, payout.created, payout.currency, -gross, parts), kind="Deposit")
    if payout.failed_at is not None:
        external_id = f"{payout.payout_id}-failed"
        yield _journal(external_id, payout.failed_at, payout.currency, payout.amount, {"1000": -payout.amount})


def _journal(external_id: str, at: datetime, currency: str, clearing: int, parts: dict[str, int]) -> Transaction:
    """A journal between the processor's clearing account and others; amounts are debits."""
    lines = [TransactionLine(0, clearing, "1200", clearing, mainline=True)]
    lines += [
        TransactionLine(number, amount, account, amount)
        for number, (account, amount) in enumerate(parts.items(), start=1)
    ]
    return Transaction("Journal", at.date(), None, currency, external_id, lines, [(at, "B", None)])
