"""Invoices as the billing systems hold them, before anyone writes an extract. Amounts are minor units.

`Line.gross` is rounded once from the exact amount; discount and tax follow from it per line. The fault plan changes
lines and then calls `settle_totals` of the invoice, so a wrong line is billed, taxed and paid consistently.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ingestion.sample_company.catalogue import Coupon, Price, tax_rate
from ingestion.sample_company.facts import Account, Contract, Discount, OrderLine, Subscription
from ingestion.sample_company.money import largest_remainder, round_half_away


@dataclass
class Line:
    """One invoice line over [start, end). `source` is the subscription item or the order line it bills."""

    source_id: str
    price: Price
    kind: str
    start: datetime
    end: datetime
    quantity: Decimal
    gross: int
    discount: int = 0
    tax: int = 0
    percent: Decimal | None = None
    order_line: OrderLine | None = None
    # Unit price printed on the ERP line where it is not the order's.
    rate: Decimal | None = None

    @property
    def net(self) -> int:
        """After discount, before tax."""
        return self.gross - self.discount

    @property
    def key(self) -> str:
        """Tracking key of controls B1 and B2."""
        return f"{self.source_id}|{self.kind}|{self.start:%Y-%m-%d}|{self.end:%Y-%m-%d}"


@dataclass
class CreditNote:
    """`amount` includes tax. A post-payment one is refunded; a pre-payment one lowers what is due."""

    note_id: str
    number: str
    created: datetime
    lines: list[tuple[Line, int, int]]
    post_payment: bool
    refund_id: str | None = None

    @property
    def amount(self) -> int:
        """With tax."""
        return sum(net + tax for _, net, tax in self.lines)


@dataclass
class Payment:
    """One attempt to pay an invoice through a card or a transfer; a failed one moves no money."""

    payment_id: str
    amount: int
    at: datetime
    succeeded: bool = True
    intent_id: str = ""
    charge_id: str = ""
    method: str = "card"


@dataclass
class Invoice:
    """An invoice of either system. `created` is the billing boundary, `finalized` the invoice date."""

    invoice_id: str
    number: str
    account: Account
    currency: str
    created: datetime
    finalized: datetime
    lines: list[Line]
    subscription: Subscription | None = None
    contract: Contract | None = None
    discount: Discount | None = None
    reason: str = "subscription_cycle"
    payments: list[Payment] = field(default_factory=list)
    credit_notes: list[CreditNote] = field(default_factory=list)
    voided_at: datetime | None = None
    closed_at: datetime | None = None
    due: datetime | None = None
    collection_method: str = "charge_automatically"
    # How it is paid: '' lets the cash stage choose; see `cash.WAYS`.
    paid_as: str = ""

    @property
    def subtotal(self) -> int:
        """Before discounts and tax."""
        return sum(line.gross for line in self.lines)

    @property
    def discounted(self) -> int:
        """All discounts."""
        return sum(line.discount for line in self.lines)

    @property
    def tax(self) -> int:
        """All taxes."""
        return sum(line.tax for line in self.lines)

    @property
    def total(self) -> int:
        """What the document says at the bottom."""
        return self.subtotal - self.discounted + self.tax

    @property
    def pre_payment_credit(self) -> int:
        """Credit notes that lower what is due."""
        return sum(note.amount for note in self.credit_notes if not note.post_payment)

    @property
    def due_amount(self) -> int:
        """What has to be paid."""
        return self.total - self.pre_payment_credit

    @property
    def paid(self) -> int:
        """What was paid, refunds aside."""
        return sum(payment.amount for payment in self.payments if payment.succeeded)

    def settle_totals(self) -> None:
        """Discounts and taxes of every line from its gross amount and the invoice's discount."""
        coupon = self.discount.coupon if self.discount else None
        spread = _amount_off(self.lines, coupon)
        for line, amount_off in zip(self.lines, spread, strict=True):
            percent = line.percent
            if coupon is not None and coupon.percent_off is not None:
                percent = Decimal(coupon.percent_off)
            line.discount = amount_off
            if percent is not None:
                line.discount = round_half_away(line.gross * percent / 100)
            self.settle_tax(line)

    def settle_tax(self, line: Line) -> None:
        """Tax of one line: exclusive, rounded per line; exempt customers have none."""
        line.tax = 0
        if self.account.exempt_reason is None:
            rate = tax_rate(self.account.country, line.price.tax_code, self.created.date())
            line.tax = round_half_away(line.net * rate)


def _amount_off(lines: list[Line], coupon: Coupon | None) -> list[int]:
    if coupon is None or coupon.amount_off is None:
        return [0 for _ in lines]
    weights = [max(line.gross, 0) for line in lines]
    return largest_remainder(min(coupon.amount_off, sum(weights)), weights)
