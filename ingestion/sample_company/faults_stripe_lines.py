"""Faults of control B1: what self-service customers are billed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from ingestion.sample_company.bill_subscriptions import recurring_line
from ingestion.sample_company.catalogue import Price, rate
from ingestion.sample_company.days import boundary
from ingestion.sample_company.documents import Invoice, Line
from ingestion.sample_company.facts import Facts
from ingestion.sample_company.faults_billing import Billed, BillingFaults
from ingestion.sample_company.money import round_half_away, to_minor
from ingestion.sample_company.randomness import identifier

DAYS_TOO_MANY = 3
SEATS_TOO_MANY = 3


class StripeLineFaults(BillingFaults):
    """Every class of B1, three times."""

    def __init__(self, seed: int, facts: Facts, invoices: list[Invoice]) -> None:
        super().__init__("B1", "stripe", invoices)
        self._seed = seed
        self._facts = facts

    def plant(self) -> None:
        """Proration comes first: there are the fewest of them."""
        for currency in ("eur", "jpy", "usd"):
            self._proration(currency)
        for currency in ("usd", "eur", "jpy"):
            self._price_version(currency)
            self._discount(currency)
        for currency in ("usd", "jpy", "eur"):
            self._double(currency)
            self._tier(currency)
        self._quantity("usd", "recurring")
        self._quantity("jpy", "usage")
        self._quantity("eur", "recurring")
        self._unbilled("usd", "usage")
        self._unbilled("jpy", "usage")
        self._unbilled("eur", "recurring")
        self._unexpected()

    def plant_few(self) -> None:
        """A grandfathered customer is billed today's price."""
        self._bill_newer(self.choose_small("usd", "recurring", lambda b: self._newer(b.line) is not None))

    def _proration(self, currency: str) -> None:
        """The rest of the period is taken for longer than it is."""
        billed = self.choose(currency, "proration_charge", lambda b: b.invoice.reason == "subscription_update")
        if billed is not None:
            days = (billed.line.end - billed.line.start).days
            gross = round_half_away(billed.line.gross * Decimal(days + DAYS_TOO_MANY) / days)
            self.reprice("PRORATION", billed, gross)

    def _price_version(self, currency: str) -> None:
        """Today's price where the customer is grandfathered."""
        self._bill_newer(self.choose(currency, "recurring", lambda b: self._newer(b.line) is not None))

    def _bill_newer(self, billed: Billed | None) -> None:
        newer = self._newer(billed.line) if billed is not None else None
        if billed is not None and newer is not None:
            billed.line.price = newer
            self.reprice("PRICE_VERSION", billed, round_half_away(rate(newer, billed.line.quantity)))

    def _newer(self, line: Line) -> Price | None:
        """The version sold today, where the line is billed at an older one."""
        if line.price.valid_to is None or line.start.date() < line.price.valid_to:
            return None
        return self._facts.prices.get(line.price.code.replace("-v1", "-v2"))

    def _discount(self, currency: str) -> None:
        """A coupon is forgotten, or counted twice."""
        billed = self.choose(currency, "recurring", lambda b: b.line.discount > 0)
        if billed is not None:
            invoice, line = billed
            expected = line.net
            line.discount = 0 if currency == "usd" else line.discount * 2
            invoice.settle_tax(line)
            self.label("DISCOUNT", billed, expected - line.net)

    def _double(self, currency: str) -> None:
        """The same period once more, a day later."""
        billed = self.choose(
            currency, "recurring", lambda b: b.invoice.discount is None and b.invoice.reason == "subscription_cycle"
        )
        if billed is not None:
            invoice, line = billed
            again = self._extra_invoice(invoice, replace(line), invoice.created + timedelta(days=1))
            self.label("DOUBLE_BILL", Billed(again, line), -line.net)

    def _tier(self, currency: str) -> None:
        """All units at the first tier's price, without allowance."""
        billed = self.choose(
            currency, "usage", lambda b: bool(b.line.price.tiers) and _first_tier(b.line) != b.line.gross
        )
        if billed is not None:
            self.reprice("TIER", billed, _first_tier(billed.line))

    def _quantity(self, currency: str, kind: str) -> None:
        """A few seats too many, or twice the usage."""
        billed = self.choose(currency, kind, lambda b: b.line.price.charge_model not in {"flat", "package"})
        if billed is not None:
            line = billed.line
            quantity = line.quantity + SEATS_TOO_MANY if kind == "recurring" else line.quantity * 2
            self.reprice("QTY", billed, round_half_away(rate(line.price, quantity)), quantity)

    def _unbilled(self, currency: str, kind: str) -> None:
        billed = self.choose(currency, kind, lambda b: len(b.invoice.lines) > 1 and b.line.net > 0)
        if billed is not None:
            self.leave_out("UNBILLED", billed)

    def _unexpected(self) -> None:
        """Three cancelled subscriptions are billed once more."""
        cancelled = [s for s in self._facts.subscriptions if s.cancel == "period_end"]
        for subscription in cancelled[:3]:
            start = subscription.ended_at
            if start is None:
                continue
            last = next(i for i in reversed(self.invoices) if i.subscription is subscription)
            end = next(
                boundary(subscription.anchor, n) for n in range(1, 200) if boundary(subscription.anchor, n) > start
            )
            line = recurring_line(subscription.items[0], start, end)
            again = self._extra_invoice(last, line, start + timedelta(minutes=5))
            self.label("UNEXPECTED_LINE", Billed(again, line), -line.net, -line.quantity)

    def _extra_invoice(self, like: Invoice, line: Line, at: datetime) -> Invoice:
        """An invoice that nothing called for, paid like any other."""
        again = replace(
            like,
            invoice_id=identifier(self._seed, "in_1Q", 20, like.invoice_id, "extra"),
            number=like.number + "X",
            created=at,
            finalized=at + timedelta(hours=1),
            lines=[line],
            paid_as="plain",
            reason="subscription_cycle",
            payments=[],
            credit_notes=[],
            discount=None,
        )
        again.settle_totals()
        self.invoices.append(again)
        return again


def _first_tier(line: Line) -> int:
    return round_half_away(line.quantity * to_minor(line.price.tiers[0].unit_amount, line.price.currency))
