"""How self-service invoices are paid.

They are charged an hour after they are finalized. Fixed shares of them fail and are retried after three days, are paid
by two transfers, get a credit note before the payment, are refunded with a credit note, are disputed, or are voided and
issued again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from ingestion.sample_company.cash import Cash, Dispute, Refund
from ingestion.sample_company.days import END_OF_WORLD
from ingestion.sample_company.documents import CreditNote, Invoice, Payment
from ingestion.sample_company.money import round_half_away
from ingestion.sample_company.randomness import identifier

# What `Invoice.paid_as` may say: in full, not at all, closed without money, part of it, closed short, too much, twice.
WAYS = ("plain", "none", "closed", "partial", "short", "over", "duplicate")


class Share(NamedTuple):
    """Every `step`-th of a numbered list, from the `first` on."""

    step: int
    first: int

    def picks(self, number: int) -> bool:
        """Whether the number is one of them."""
        return number % self.step == self.first


VOIDED, RETRIED, SPLIT = Share(41, 3), Share(17, 5), Share(23, 7)
CREDITED, REFUNDED, DISPUTED = Share(19, 11), Share(13, 4), Share(29, 9)
# By how much an odd payment differs from what is due, in minor units.
ODD_AMOUNT = {"usd": 2500, "eur": 1999, "jpy": 3000}


def pay_subscriptions(invoices: list[Invoice], cash: Cash, seed: int) -> list[Invoice]:
    """Pay every self-service invoice in its own way. Returns the invoices issued again after a void."""
    reissued = []
    number = 0
    for invoice in invoices:
        if invoice.total <= 0:
            invoice.closed_at = invoice.finalized
            continue
        if invoice.paid_as:
            _pay_as(invoice, seed)
            continue
        number += 1
        reissued += _pay(invoice, number, cash, seed)
    return reissued


def charge(
    invoice: Invoice, at: datetime, amount: int, seed: int, *, succeeded: bool = True, method: str = "card"
) -> Payment | None:
    """One attempt. Nothing happens when it would lie after the end of the world."""
    if at >= END_OF_WORLD:
        return None
    number = len(invoice.payments)
    # A failed attempt and its retry are charges of one payment intent.
    intent = sum(payment.succeeded for payment in invoice.payments)
    payment = Payment(
        payment_id=identifier(seed, "inpay_1Q", 18, invoice.invoice_id, intent),
        amount=amount,
        at=at,
        succeeded=succeeded,
        intent_id=identifier(seed, "pi_3Q", 20, invoice.invoice_id, intent),
        charge_id=identifier(seed, "ch_3Q", 20, invoice.invoice_id, number),
        method=method,
    )
    invoice.payments.append(payment)
    if succeeded and invoice.paid >= invoice.due_amount:
        invoice.closed_at = at
    return payment


def _pay_as(invoice: Invoice, seed: int) -> None:
    """Pay in the named way instead of a drawn one."""
    at = invoice.finalized + timedelta(hours=1)
    due, cut = invoice.due_amount, ODD_AMOUNT[invoice.currency]
    if invoice.paid_as == "plain":
        charge(invoice, at, due, seed)
    elif invoice.paid_as == "closed":
        invoice.closed_at = at
    elif invoice.paid_as == "partial":
        invoice.collection_method = "send_invoice"
        invoice.due = invoice.finalized + timedelta(days=10)
        charge(invoice, at + timedelta(days=2), due * 3 // 5, seed, method="customer_balance")
    elif invoice.paid_as == "short":
        charge(invoice, at, due - cut, seed, method="customer_balance")
        invoice.closed_at = at
    elif invoice.paid_as == "over":
        charge(invoice, at, due + cut, seed, method="customer_balance")
    elif invoice.paid_as == "duplicate":
        charge(invoice, at, due, seed)
        charge(invoice, at + timedelta(minutes=20), due, seed)
        invoice.closed_at = at


def _pay(invoice: Invoice, number: int, cash: Cash, seed: int) -> list[Invoice]:
    at = invoice.finalized + timedelta(hours=1)
    if VOIDED.picks(number):
        return [_void_and_reissue(invoice, seed)]
    if RETRIED.picks(number):
        charge(invoice, at, invoice.due_amount, seed, succeeded=False)
        charge(invoice, at + timedelta(days=3), invoice.due_amount, seed)
        return []
    if SPLIT.picks(number):
        invoice.collection_method = "send_invoice"
        invoice.due = invoice.finalized + timedelta(days=10)
        first = invoice.due_amount * 2 // 5
        charge(invoice, at + timedelta(days=1), first, seed, method="customer_balance")
        charge(invoice, at + timedelta(days=3), invoice.due_amount - first, seed, method="customer_balance")
        return []
    if CREDITED.picks(number):
        _credit(invoice, invoice.finalized + timedelta(minutes=30), post_payment=False, seed=seed)
    payment = charge(invoice, at, invoice.due_amount, seed)
    if payment is None:
        return []
    if REFUNDED.picks(number) and at + timedelta(days=5) < END_OF_WORLD:
        _refund(invoice, payment, cash, seed)
    elif DISPUTED.picks(number) and at + timedelta(days=4) < END_OF_WORLD:
        _dispute(invoice, payment, cash, seed)
    return []


def _void_and_reissue(invoice: Invoice, seed: int) -> Invoice:
    """The customer's name was wrong: the invoice is voided two hours later and issued again, line for line."""
    invoice.voided_at = invoice.finalized + timedelta(hours=2)
    again = replace(
        invoice,
        invoice_id=identifier(seed, "in_1Q", 20, invoice.invoice_id, "again"),
        number=invoice.number + "R",
        finalized=invoice.voided_at + timedelta(minutes=10),
        lines=[replace(line) for line in invoice.lines],
        payments=[],
        credit_notes=[],
        voided_at=None,
        closed_at=None,
    )
    charge(again, again.finalized + timedelta(hours=1), again.due_amount, seed)
    return again


def _credit(invoice: Invoice, at: datetime, *, post_payment: bool, seed: int) -> CreditNote:
    """A goodwill credit of a tenth of the largest line, with its tax."""
    line = max(invoice.lines, key=lambda candidate: candidate.net)
    net = line.net // 10
    tax = round_half_away(Decimal(line.tax) * net / line.net) if line.net else 0
    note = CreditNote(
        note_id=identifier(seed, "cn_1Q", 18, invoice.invoice_id, len(invoice.credit_notes)),
        number=f"{invoice.number}-CN-{len(invoice.credit_notes) + 1:02d}",
        created=at,
        lines=[(line, net, tax)],
        post_payment=post_payment,
    )
    invoice.credit_notes.append(note)
    return note


def _refund(invoice: Invoice, payment: Payment, cash: Cash, seed: int) -> None:
    at = payment.at + timedelta(days=5)
    note = _credit(invoice, at, post_payment=True, seed=seed)
    refund = Refund(identifier(seed, "re_3Q", 20, payment.charge_id), payment, invoice, note.amount, at)
    note.refund_id = refund.refund_id
    cash.refunds.append(refund)


def _dispute(invoice: Invoice, payment: Payment, cash: Cash, seed: int) -> None:
    opened = payment.at + timedelta(days=4)
    closed = opened + timedelta(days=12)
    cash.disputes.append(
        Dispute(
            dispute_id=identifier(seed, "dp_1Q", 18, payment.charge_id),
            payment=payment,
            invoice=invoice,
            amount=payment.amount,
            opened=opened,
            closed=closed if closed < END_OF_WORLD else None,
            won=len(cash.disputes) % 2 == 1,
        )
    )
