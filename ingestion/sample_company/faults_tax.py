"""Faults of control T1: lines that are taxed too little, too much, or at all. They are paid and mirrored as billed."""

from __future__ import annotations

from collections.abc import Callable

from ingestion.sample_company.catalogue import tax_rate
from ingestion.sample_company.documents import Invoice, Line
from ingestion.sample_company.faults_billing import LATEST
from ingestion.sample_company.labels import Label, visible
from ingestion.sample_company.money import EXPONENT, round_half_away
from ingestion.sample_company.randomness import identifier

INSTANCES = 3
LEAST_NET = 1_000
# By how much the tax of a drifting rate is off: a little, more, much.
DRIFTS = (2, 50, 700)


class TaxFaults:
    """Changes the tax of one line of an invoice that carries no other fault."""

    def __init__(self, seed: int, invoices: list[Invoice]) -> None:
        self.labels: list[Label] = []
        self._seed = seed
        self._invoices = invoices

    def plant(self) -> None:
        """Exempt customers first: there are the fewest of them."""
        for invoice, number in self._some(lambda invoice: invoice.account.exempt_reason is not None):
            line = invoice.lines[number]
            rate = tax_rate(invoice.account.country, line.price.tax_code, invoice.created.date())
            self._tax("TAX_EXEMPT", invoice, number, round_half_away(line.net * rate))
        for invoice, number in self._some(_is_taxed):
            self._tax("NO_TAX_TAXABLE", invoice, number, 0)
        for drift, (invoice, number) in zip(DRIFTS, self._some(_is_taxed), strict=False):
            self._tax("RATE_DRIFT", invoice, number, invoice.lines[number].tax + drift)

    def _some(self, wanted: Callable[[Invoice], bool]) -> list[tuple[Invoice, int]]:
        """A line of up to three invoices that fit, of every currency where there is one; marked as taken."""
        fits = [
            invoice
            for invoice in self._invoices
            if not invoice.paid_as and invoice.finalized < LATEST and _line(invoice) is not None and wanted(invoice)
        ]
        firsts = [next((one for one in fits if one.currency == currency), None) for currency in EXPONENT]
        chosen = [one for one in firsts if one is not None]
        chosen += [one for one in fits if all(one is not other for other in chosen)]
        found = []
        for invoice in chosen[:INSTANCES]:
            number = _line(invoice)
            if number is not None:
                invoice.paid_as = "plain"
                found.append((invoice, number))
        return found

    def _tax(self, break_class: str, invoice: Invoice, number: int, tax: int) -> None:
        line = invoice.lines[number]
        expected, line.tax = line.tax, tax
        self.labels.append(
            Label(
                kind="fault",
                break_class=break_class,
                control="T1",
                system="stripe",
                # As the writer of invoices names its lines.
                key=identifier(self._seed, "il_1Q", 20, invoice.invoice_id, number),
                currency=invoice.currency,
                amount=expected - tax,
                quantity=None,
                injected_at=invoice.finalized,
                visible_from=visible(invoice.finalized),
            )
        )


def _line(invoice: Invoice) -> int | None:
    """The first line that is large enough to be taxed otherwise."""
    return next((number for number, line in enumerate(invoice.lines) if _is_large(line)), None)


def _is_large(line: Line) -> bool:
    return line.net >= LEAST_NET


def _is_taxed(invoice: Invoice) -> bool:
    number = _line(invoice)
    return number is not None and invoice.lines[number].tax > 0
