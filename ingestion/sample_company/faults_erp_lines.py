"""Faults of control B2: what sales-assisted customers are billed in the ERP."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from ingestion.sample_company.bill_contracts import invoice_of, order_gross
from ingestion.sample_company.days import next_business_day
from ingestion.sample_company.documents import Invoice, Line
from ingestion.sample_company.faults_billing import LATEST, Billed, BillingFaults
from ingestion.sample_company.money import round_half_away, to_minor

# A missing line counts only after three business days.
LATEST_MISSING = LATEST - timedelta(days=5)
MISSING_AFTER = 4
MANUAL_PRICE = {"usd": Decimal(95), "eur": Decimal(85), "jpy": Decimal(9800)}
TYPED_TOO_MUCH = {"usd": 4500, "eur": 25, "jpy": 2700}
SEATS_WRONG = {"eur": 5, "usd": -2, "jpy": 1}


class ErpLineFaults(BillingFaults):
    """Every class of B2, three times."""

    def __init__(self, invoices: list[Invoice]) -> None:
        super().__init__("B2", "erp", invoices, shares=True)

    def plant(self) -> None:
        """Prorations and discounts first: there are the fewest of them. What is typed in is the last on its invoice."""
        for currency in ("usd", "eur", "jpy"):
            self._proration(currency)
            self._discount(currency)
        self._missing("usd", "recurring")
        self._missing("eur", "usage")
        self._missing("jpy", "usage")
        for currency in ("usd", "jpy", "eur"):
            self._rate(currency)
            self._amount(currency)
        for currency in ("jpy", "eur", "usd"):
            self._double(currency)
        for currency in ("eur", "usd", "jpy"):
            self._quantity(currency)
        for currency in ("usd", "jpy", "eur"):
            self._manual(currency)

    def plant_few(self) -> None:
        """Somebody adds a small service by hand."""
        self._type_in(self.choose_small("eur", "recurring"))

    def _proration(self, currency: str) -> None:
        """A stub is billed as a whole period (or, for a reduction, credited as one)."""
        for kind in ("proration_charge", "proration_credit"):
            billed = self.choose(currency, kind)
            if billed is not None and billed.line.order_line is not None:
                self.reprice("PRORATION", billed, round_half_away(order_gross(billed.line.order_line)))
                return

    def _discount(self, currency: str) -> None:
        """The agreed discount is forgotten, or given twice."""
        billed = self.choose(currency, "recurring", lambda b: b.line.percent is not None)
        if billed is not None:
            line = billed.line
            expected = line.net
            line.percent = None if currency == "usd" else 2 * (line.percent or Decimal(0))
            billed.invoice.settle_totals()
            self.label("DISCOUNT", billed, expected - line.net)

    def _rate(self, currency: str) -> None:
        """List price instead of the negotiated one."""
        billed = self.choose(currency, "recurring", lambda b: _listed(b.line) not in {None, _agreed(b.line)})
        listed = _listed(billed.line) if billed is not None else None
        if billed is not None and listed is not None:
            billed.line.rate = listed
            gross = round_half_away(billed.line.quantity * to_minor(listed, billed.invoice.currency))
            self.reprice("PRICE_VERSION", billed, gross)

    def _manual(self, currency: str) -> None:
        """A service that no order names, typed into an invoice."""
        self._type_in(self.choose(currency, "recurring", lambda b: b.line.quantity > 0))

    def _type_in(self, billed: Billed | None) -> None:
        if billed is None:
            return
        invoice, line = billed
        price = MANUAL_PRICE[invoice.currency]
        gross = round_half_away(to_minor(price, invoice.currency))
        manual = Line("", line.price, "manual", line.start, line.end, Decimal(1), gross, rate=price)
        invoice.lines.append(manual)
        invoice.settle_totals()
        # The ERP numbers item lines 1, 3, 5...; the invoice's own id is not known yet.
        line_id = 2 * len(invoice.lines) - 1
        self.label(
            "MANUAL_LINE",
            Billed(invoice, manual),
            -manual.net,
            -manual.quantity,
            key=lambda: f"{invoice.invoice_id}|{line_id}",
        )

    def _amount(self, currency: str) -> None:
        """A usage amount is typed wrongly; its quantity stays."""
        billed = self.choose(currency, "usage")
        if billed is not None:
            self.reprice("AMOUNT", billed, billed.line.gross + TYPED_TOO_MUCH[currency])

    def _double(self, currency: str) -> None:
        """The same period once more, two days later."""
        billed = self.choose(currency, "recurring", lambda b: b.line.quantity > 0)
        if billed is not None and billed.invoice.contract is not None:
            day = next_business_day(billed.invoice.created.date(), 2)
            copied = replace(billed.line)
            self._touched.append(copied)
            again = invoice_of(billed.invoice.contract, day, [copied])
            again.paid_as = "plain"
            again.settle_totals()
            self.invoices.append(again)
            self.label("DOUBLE_BILL", Billed(again, billed.line), -billed.line.net)

    def _quantity(self, currency: str) -> None:
        """Another number of seats than the order's."""
        billed = self.choose(currency, "recurring", lambda b: b.line.quantity > 1)
        agreed = _agreed(billed.line) if billed is not None else None
        if billed is not None and agreed is not None:
            quantity = billed.line.quantity + SEATS_WRONG[currency]
            gross = round_half_away(quantity * to_minor(agreed, billed.invoice.currency))
            self.reprice("QTY", billed, gross, quantity)

    def _missing(self, currency: str, kind: str) -> None:
        billed = self.choose(
            currency,
            kind,
            lambda b: b.line.net > 0 and len(b.invoice.lines) > 1 and b.invoice.finalized < LATEST_MISSING,
        )
        if billed is not None:
            self.leave_out("SCHEDULE_MISS", billed, MISSING_AFTER)


def _listed(line: Line) -> Decimal | None:
    return None if line.price.unit_amount is None else Decimal(line.price.unit_amount)


def _agreed(line: Line) -> Decimal | None:
    return None if line.order_line is None else line.order_line.unit_price
