"""Faults of controls B1 and B2: lines that are missing, doubled, or priced by the wrong rule.

A wrong line is taxed, totalled, paid, paid out and mirrored like any other, so only the billing control sees it. The
amount of a label is what should have been billed minus what was, net of discount and without tax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from ingestion.sample_company.bill_contracts import invoice_of, order_gross
from ingestion.sample_company.bill_subscriptions import USAGE_GRACE, recurring_line
from ingestion.sample_company.catalogue import Price, rate
from ingestion.sample_company.days import boundary, local_date, midnight, next_business_day
from ingestion.sample_company.documents import Invoice, Line
from ingestion.sample_company.facts import Facts
from ingestion.sample_company.labels import Key, Label, visible
from ingestion.sample_company.money import plain, round_half_away, to_minor
from ingestion.sample_company.randomness import identifier
from ingestion.sample_company.usage import Book

# Everything planted is billed before this day, so the last delivery shows it.
LATEST = datetime.fromisoformat("2026-11-01T00:00:00+00:00")
Choice = tuple[Invoice, Line]


class BillingFaults:
    """Changes bills in place; every invoice is touched at most once."""

    def __init__(self, seed: int, facts: Facts, subscriptions: list[Invoice], contracts: list[Invoice]) -> None:
        self.labels: list[Label] = []
        self._seed = seed
        self._facts = facts
        self._subscriptions = subscriptions
        self._contracts = contracts

    def plant(self) -> None:
        """All classes of both controls. Proration comes first: there are the fewest of them."""
        for currency in ("eur", "jpy"):
            self._proration(currency)
        for currency in ("usd", "eur"):
            self._price_version(currency)
            self._discount(currency)
        for currency in ("usd", "jpy"):
            self._double(currency)
            self._tier(currency)
        self._quantity("usd", "recurring")
        self._quantity("jpy", "usage")
        self._unbilled("usd", "usage")
        self._unbilled("eur", "recurring")
        self._unexpected()
        self._plant_contracts()

    def _plant_contracts(self) -> None:
        for currency in ("usd", "eur"):
            self._erp_proration(currency)
            self._erp_discount(currency)
        for currency in ("usd", "jpy"):
            self._erp_rate(currency)
            self._manual(currency)
            self._erp_amount(currency)
        for currency in ("jpy", "eur"):
            self._erp_double(currency)
        for currency in ("eur", "usd"):
            self._erp_quantity(currency)
        self._erp_missing("usd", "recurring")
        self._erp_missing("eur", "usage")

    def _choose(
        self, invoices: list[Invoice], currency: str, kind: str, wanted: Callable[[Invoice, Line], bool]
    ) -> Choice | None:
        """The middle one of all untouched lines that fit, so that faults spread over the months.

        Another currency will do where the wanted one has none, as in the shortest worlds.
        """
        fits = [
            (invoice, line)
            for invoice in invoices
            for line in invoice.lines
            if not invoice.paid_as
            and invoice.finalized < LATEST
            and line.kind == kind
            and line.gross != 0
            and (invoice.discount is None or invoice.discount.coupon.amount_off is None)
            and wanted(invoice, line)
        ]
        fits = [choice for choice in fits if choice[0].currency == currency] or fits
        if not fits:
            return None
        invoice, line = fits[len(fits) // 2]
        invoice.paid_as = "plain"
        return invoice, line

    def _label(
        self,
        control: str,
        break_class: str,
        choice: Choice,
        expected: int,
        billed: int,
        quantity: Decimal | None = None,
        key: Key | None = None,
        days: int = 0,
    ) -> None:
        invoice, line = choice
        self.labels.append(
            Label(
                "fault",
                break_class,
                control,
                "stripe" if control == "B1" else "erp",
                key or line.key,
                invoice.currency,
                expected - billed,
                None if quantity is None else plain(quantity),
                invoice.finalized,
                visible(invoice.finalized, days),
            )
        )

    def _reprice(
        self, control: str, break_class: str, choice: Choice, gross: int, quantity: Decimal | None = None
    ) -> None:
        """Bill the line at another gross amount and let discount and tax follow."""
        invoice, line = choice
        expected = line.net
        before = line.quantity
        line.gross = gross
        if quantity is not None:
            line.quantity = quantity
        invoice.settle_totals()
        self._label(control, break_class, choice, expected, line.net, None if quantity is None else before - quantity)

    # -- self-service ------------------------------------------------------------------------------------------------

    def _proration(self, currency: str) -> None:
        choice = self._choose(
            self._subscriptions, currency, "proration_charge", lambda i, line: i.reason == "subscription_update"
        )
        if choice is not None:
            _, line = choice
            days = (line.end - line.start).days
            self._reprice("B1", "PRORATION", choice, round_half_away(line.gross * Decimal(days + 3) / days))

    def _price_version(self, currency: str) -> None:
        choice = self._choose(
            self._subscriptions, currency, "recurring", lambda i, line: self._newer(i, line) is not None
        )
        if choice is None:
            return
        invoice, line = choice
        newer = self._newer(invoice, line)
        assert newer is not None
        line.price = newer
        self._reprice("B1", "PRICE_VERSION", choice, round_half_away(rate(newer, line.quantity)))

    def _newer(self, invoice: Invoice, line: Line) -> Price | None:
        """The version sold today, where the line is grandfathered."""
        if line.price.valid_to is None or line.start.date() < line.price.valid_to:
            return None
        return self._facts.prices.get(line.price.code.replace("-v1", "-v2"))

    def _discount(self, currency: str) -> None:
        choice = self._choose(self._subscriptions, currency, "recurring", lambda i, line: line.discount > 0)
        if choice is None:
            return
        invoice, line = choice
        expected = line.net
        line.discount = 0 if currency == "usd" else line.discount * 2
        invoice.settle_tax(line)
        self._label("B1", "DISCOUNT", choice, expected, line.net)

    def _double(self, currency: str) -> None:
        choice = self._choose(
            self._subscriptions,
            currency,
            "recurring",
            lambda i, line: i.discount is None and i.reason == "subscription_cycle",
        )
        if choice is not None:
            invoice, line = choice
            again = self._extra_invoice(invoice, [replace(line)], invoice.created + timedelta(days=1))
            self._label("B1", "DOUBLE_BILL", (again, line), 0, line.net)

    def _tier(self, currency: str) -> None:
        """All units at the first tier's price, without allowance."""
        choice = self._choose(
            self._subscriptions,
            currency,
            "usage",
            lambda i, line: bool(line.price.tiers) and _first_tier(line) != line.gross,
        )
        if choice is not None:
            self._reprice("B1", "TIER", choice, _first_tier(choice[1]))

    def _quantity(self, currency: str, kind: str) -> None:
        choice = self._choose(
            self._subscriptions, currency, kind, lambda i, line: line.price.charge_model not in {"flat", "package"}
        )
        if choice is not None:
            _, line = choice
            quantity = line.quantity + 3 if kind == "recurring" else line.quantity * 2
            self._reprice("B1", "QTY", choice, round_half_away(rate(line.price, quantity)), quantity)

    def _unbilled(self, currency: str, kind: str) -> None:
        choice = self._choose(self._subscriptions, currency, kind, lambda i, line: len(i.lines) > 1 and line.net > 0)
        if choice is not None:
            invoice, line = choice
            invoice.lines.remove(line)
            self._label("B1", "UNBILLED", choice, line.net, 0, line.quantity)

    def _unexpected(self) -> None:
        """Two cancelled subscriptions are billed once more."""
        cancelled = [s for s in self._facts.subscriptions if s.cancel == "period_end" and s.ended_at]
        for subscription in cancelled[:2]:
            last = next(i for i in reversed(self._subscriptions) if i.subscription is subscription)
            item, start = subscription.items[0], subscription.ended_at
            assert start is not None
            months = next(n for n in range(1, 200) if boundary(subscription.anchor, n) > start)
            line = recurring_line(item, start, boundary(subscription.anchor, months))
            again = self._extra_invoice(last, [line], start + timedelta(minutes=5))
            self._label("B1", "UNEXPECTED_LINE", (again, line), 0, line.net, -line.quantity)

    def _extra_invoice(self, like: Invoice, lines: list[Line], at: datetime) -> Invoice:
        again = replace(
            like,
            invoice_id=identifier(self._seed, "in_1Q", 20, like.invoice_id, "extra"),
            number=like.number + "X",
            created=at,
            finalized=at + timedelta(hours=1),
            lines=lines,
            paid_as="plain",
            reason="subscription_cycle",
            payments=[],
            credit_notes=[],
            discount=None,
        )
        again.settle_totals()
        self._subscriptions.append(again)
        return again

    # -- sales-assisted ----------------------------------------------------------------------------------------------

    def _erp_proration(self, currency: str) -> None:
        """The stub is billed as a whole period (or, for a reduction, the credit is)."""
        for kind in ("proration_charge", "proration_credit"):
            choice = self._choose(self._contracts, currency, kind, lambda i, line: line.order_line is not None)
            if choice is not None:
                line = choice[1]
                assert line.order_line is not None
                self._reprice("B2", "PRORATION", choice, round_half_away(order_gross(line.order_line)))
                return

    def _erp_discount(self, currency: str) -> None:
        choice = self._choose(self._contracts, currency, "recurring", lambda i, line: line.percent is not None)
        if choice is not None:
            invoice, line = choice
            expected = line.net
            line.percent = None if currency == "usd" else Decimal(2) * (line.percent or Decimal(0))
            invoice.settle_totals()
            self._label("B2", "DISCOUNT", choice, expected, line.net)

    def _erp_rate(self, currency: str) -> None:
        """List price instead of the negotiated one."""
        choice = self._choose(
            self._contracts, currency, "recurring", lambda i, line: _listed(line) not in {None, _agreed(line)}
        )
        if choice is not None:
            _, line = choice
            line.rate = _listed(line)
            assert line.rate is not None
            gross = round_half_away(line.quantity * to_minor(line.rate, choice[0].currency))
            self._reprice("B2", "PRICE_VERSION", choice, gross)

    def _manual(self, currency: str) -> None:
        """A service that no order names, typed into an invoice."""
        choice = self._choose(self._contracts, currency, "recurring", lambda i, line: line.quantity > 0)
        if choice is None:
            return
        invoice, line = choice
        price = Decimal("38000" if invoice.currency == "jpy" else "425")
        minor = round_half_away(to_minor(price, invoice.currency))
        manual = Line(
            "",
            line.price,
            "manual",
            line.start,
            line.end,
            Decimal(1),
            minor,
            rate=price,
        )
        invoice.lines.append(manual)
        invoice.settle_totals()
        line_id = 2 * len(invoice.lines) - 1
        self._label(
            "B2",
            "MANUAL_LINE",
            (invoice, manual),
            0,
            manual.net,
            -manual.quantity,
            lambda: f"{invoice.invoice_id}|{line_id}",
        )

    def _erp_amount(self, currency: str) -> None:
        """Two digits of a usage amount change places: quantity and rate stay."""
        choice = self._choose(self._contracts, currency, "usage", lambda i, line: line.gross > 100)
        if choice is not None:
            line = choice[1]
            self._reprice("B2", "AMOUNT", choice, line.gross + (4500 if currency == "usd" else 2700))

    def _erp_double(self, currency: str) -> None:
        choice = self._choose(self._contracts, currency, "recurring", lambda i, line: line.quantity > 0)
        if choice is not None:
            invoice, line = choice
            assert invoice.contract is not None
            day = next_business_day(invoice.created.date(), 2)
            again = invoice_of(invoice.contract, day, [replace(line)])
            again.paid_as = "plain"
            again.settle_totals()
            self._contracts.append(again)
            self._label("B2", "DOUBLE_BILL", (again, line), 0, line.net)

    def _erp_quantity(self, currency: str) -> None:
        choice = self._choose(
            self._contracts, currency, "recurring", lambda i, line: line.order_line is not None and line.quantity > 1
        )
        if choice is not None:
            line = choice[1]
            assert line.order_line is not None
            quantity = line.quantity + (5 if currency == "eur" else -2)
            gross = round_half_away(quantity * to_minor(line.order_line.unit_price, choice[0].currency))
            self._reprice("B2", "QTY", choice, gross, quantity)

    def _erp_missing(self, currency: str, kind: str) -> None:
        choice = self._choose(
            self._contracts,
            currency,
            kind,
            lambda i, line: (
                line.net > 0 and len(i.lines) > 1 and i.finalized < midnight(LATEST.date() - timedelta(days=5))
            ),
        )
        if choice is not None:
            invoice, line = choice
            invoice.lines.remove(line)
            self._label("B2", "SCHEDULE_MISS", choice, line.net, 0, line.quantity, days=4)


def _first_tier(line: Line) -> int:
    return round_half_away(line.quantity * to_minor(line.price.tiers[0].unit_amount, line.price.currency))


def _listed(line: Line) -> Decimal | None:
    return None if line.price.unit_amount is None else Decimal(line.price.unit_amount)


def _agreed(line: Line) -> Decimal | None:
    return None if line.order_line is None else line.order_line.unit_price


def _late(invoice: Invoice, line: Line, book: Book, *, after_cutoff: bool) -> bool:
    """Whether usage of the line's period was recorded after its end, and after its invoice was final."""
    cutoff = line.end + USAGE_GRACE
    zone = invoice.account.timezone
    return line.kind == "usage" and any(
        event.account_id == invoice.account.account_id
        and event.meter_code == line.price.meter_code
        and local_date(line.start, zone) <= event.local_day < local_date(line.end, zone)
        and (event.recorded >= cutoff if after_cutoff else line.end <= event.recorded < cutoff)
        for event in book.late
    )


def billing_decoys(subscriptions: list[Invoice], book: Book) -> Iterator[Label]:
    """Lines that look wrong and are right. One of each kind, on invoices that carry no fault."""
    clean = [i for i in subscriptions if i.paid_as == "" and i.finalized < LATEST and i.voided_at is None]
    lines = [(invoice, line) for invoice in clean for line in invoice.lines]
    kinds: list[tuple[str, Callable[[Invoice, Line], bool]]] = [
        ("PRORATION", lambda i, line: line.kind == "proration_charge" and i.reason == "subscription_update"),
        ("PRORATION", lambda i, line: line.kind == "proration_credit" and i.reason == "subscription_cycle"),
        ("PRICE_VERSION", lambda i, line: line.price.valid_to is not None and line.start.date() >= line.price.valid_to),
        ("TIER", lambda i, line: line.kind == "usage" and line.price.charge_model == "volume"),
        ("QTY", lambda i, line: line.kind == "recurring" and i.currency == "jpy"),
        ("DOUBLE_BILL", lambda i, line: i.number.endswith("R") and line.kind == "recurring"),
        ("UNBILLED", lambda i, line: line.kind == "trial"),
        ("AMOUNT", lambda i, line: line.kind == "usage" and rate(line.price, line.quantity) % 1 != 0),
        ("QTY", lambda i, line: _late(i, line, book, after_cutoff=False)),
        ("QTY", lambda i, line: _late(i, line, book, after_cutoff=True)),
        ("PRORATION", lambda i, line: i.account.timezone != "UTC" and line.start.day == 31),
    ]
    seen = set()
    for break_class, wanted in kinds:
        found = next(((i, line) for i, line in lines if line.key not in seen and wanted(i, line)), None)
        if found is not None:
            invoice, line = found
            seen.add(line.key)
            yield Label(
                "decoy",
                break_class,
                "B1",
                "stripe",
                line.key,
                invoice.currency,
                None,
                None,
                invoice.finalized,
                visible(invoice.finalized),
            )
