"""What the faults of controls B1 and B2 have in common: choosing a line, billing it wrongly, and labelling it.

A wrong line is taxed, totalled, paid, paid out and mirrored like any other, so only the billing control sees it. The
amount of a label is what should have been billed minus what was, net of discount and without tax.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from ingestion.sample_company.days import CLOSING_MONTH
from ingestion.sample_company.documents import Invoice, Line
from ingestion.sample_company.labels import Key, Label, visible
from ingestion.sample_company.money import plain

# Everything planted is billed before this instant, so the last delivery shows it.
LATEST = datetime.fromisoformat("2026-11-01T00:00:00+00:00")


class Billed(NamedTuple):
    """A line on its invoice."""

    invoice: Invoice
    line: Line


Wanted = Callable[[Billed], bool]


def anything(_: Billed) -> bool:
    """Any line will do."""
    return True


class BillingFaults:
    """Changes bills of one billing system in place; every line is touched at most once.

    So is every invoice, unless it may be shared and there is no other: the ERP has few invoices, with many lines.
    """

    def __init__(self, control: str, system: str, invoices: list[Invoice], *, shares: bool = False) -> None:
        self.labels: list[Label] = []
        self.invoices = invoices
        self._shares = shares
        self._touched: list[Line] = []
        self._control = control
        self._system = system

    def choose(self, currency: str, kind: str, wanted: Wanted = anything) -> Billed | None:
        """The middle one of all untouched lines that fit, so that faults spread over the months.

        Another currency will do where the wanted one has none, as in the shortest worlds.
        """
        fits = [
            Billed(invoice, line)
            for invoice in self.invoices
            for line in invoice.lines
            if (not invoice.paid_as or (self._shares and invoice.paid_as == "plain"))
            and not any(line is touched for touched in self._touched)
            and invoice.finalized < LATEST
            and line.kind == kind
            and line.gross != 0
            and (invoice.discount is None or invoice.discount.coupon.amount_off is None)
            and wanted(Billed(invoice, line))
        ]
        fits = [billed for billed in fits if billed.invoice.currency == currency] or fits
        fits = [billed for billed in fits if not billed.invoice.paid_as] or fits
        return self._take(fits[len(fits) // 2]) if fits else None

    def choose_small(self, currency: str, kind: str, wanted: Wanted = anything) -> Billed | None:
        """The smallest line of the month to close that fits."""
        fits = [
            Billed(invoice, line)
            for invoice in self.invoices
            for line in invoice.lines
            if not invoice.paid_as
            and invoice.currency == currency
            and CLOSING_MONTH <= invoice.finalized.date() < LATEST.date()
            and line.kind == kind
            and line.gross > 0
            and invoice.discount is None
            and wanted(Billed(invoice, line))
        ]
        return self._take(min(fits, key=lambda billed: billed.line.gross)) if fits else None

    def reprice(self, break_class: str, billed: Billed, gross: int, quantity: Decimal | None = None) -> None:
        """Bill the line at another gross amount and let discount and tax follow."""
        line = billed.line
        expected, before = line.net, line.quantity
        line.gross = gross
        if quantity is not None:
            line.quantity = quantity
        billed.invoice.settle_totals()
        self.label(break_class, billed, expected - line.net, None if quantity is None else before - quantity)

    def leave_out(self, break_class: str, billed: Billed, days: int = 0) -> None:
        """Do not bill the line."""
        billed.invoice.lines.remove(billed.line)
        self.label(break_class, billed, billed.line.net, billed.line.quantity, days=days)

    def label(
        self,
        break_class: str,
        billed: Billed,
        amount: int,
        quantity: Decimal | None = None,
        *,
        key: Key | None = None,
        days: int = 0,
    ) -> None:
        """Say what was done; `days` is what the control waits before it calls an absence a break."""
        invoice, line = billed
        self.labels.append(
            Label(
                kind="fault",
                break_class=break_class,
                control=self._control,
                system=self._system,
                key=key or line.key,
                currency=invoice.currency,
                amount=amount,
                quantity=None if quantity is None else plain(quantity),
                injected_at=invoice.finalized,
                visible_from=visible(invoice.finalized, days),
            )
        )

    def _take(self, billed: Billed) -> Billed:
        """Keep the line from every other fault; its invoice is paid as billed."""
        billed.invoice.paid_as = "plain"
        self._touched.append(billed.line)
        return billed
