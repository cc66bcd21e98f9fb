"""How sales-assisted invoices are paid: by wire before they are due, some in two parts, some two by one wire."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from ingestion.sample_company.card_payments import ODD_AMOUNT, Share
from ingestion.sample_company.cash import BankEntry, Cash, Wire
from ingestion.sample_company.days import END_OF_WORLD, business_day, midnight, next_business_day
from ingestion.sample_company.documents import CreditNote, Invoice, Payment
from ingestion.sample_company.facts import Account
from ingestion.sample_company.money import round_half_away
from ingestion.sample_company.randomness import identifier, substream

MERGE_DAYS = 8
CREDITED, SPLIT = Share(11, 6), Share(9, 4)
Pending = dict[tuple[str, date], list[tuple[Invoice, int]]]


def pay_contracts(invoices: list[Invoice], cash: Cash, seed: int) -> None:
    """Wires for the sales-assisted invoices; unpaid ones are not yet due."""
    pending: Pending = {}
    for number, invoice in enumerate(invoices, start=1):
        if invoice.total <= 0:
            # A reduction's stub is set off, not paid.
            invoice.closed_at = invoice.finalized
            continue
        if invoice.paid_as:
            _wire_as(invoice, cash, seed)
            continue
        if CREDITED.picks(number):
            _credit_memo(invoice)
        # A customer's bills of one month are paid within days of each other, so that some wires pay two.
        rng = substream(seed, "wire", invoice.account.account_id, f"{invoice.created:%Y-%m}")
        day = business_day(invoice.created.date() + timedelta(days=rng.randrange(18, 28)))
        due = invoice.due_amount
        if SPLIT.picks(number):
            first = due * 3 // 10
            _pend(pending, invoice, business_day(invoice.created.date() + timedelta(days=9)), first)
            _pend(pending, invoice, day, due - first)
        else:
            _pend(pending, invoice, day, due)
    _merge(pending)
    for (_, day), applied in sorted(pending.items(), key=lambda item: (item[0][1], item[0][0])):
        wire(cash, applied[0][0].account, day, applied, seed)


def _wire_as(invoice: Invoice, cash: Cash, seed: int) -> None:
    """The same ways, by wire."""
    day = business_day(invoice.created.date() + timedelta(days=20))
    due, cut = invoice.due_amount, ODD_AMOUNT[invoice.currency]
    amounts = {"plain": due, "partial": due * 2 // 5, "short": due - cut, "over": due + cut, "duplicate": due}
    if invoice.paid_as in amounts and midnight(day) < END_OF_WORLD:
        wire(cash, invoice.account, day, [(invoice, amounts[invoice.paid_as])], seed)
    if invoice.paid_as == "duplicate":
        wire(cash, invoice.account, next_business_day(day, 2), [(invoice, due)], seed)
    if invoice.paid_as in {"closed", "short", "duplicate"}:
        invoice.closed_at = midnight(day) + timedelta(hours=12)


def wire(cash: Cash, account: Account, day: date, applied: list[tuple[Invoice, int]], seed: int) -> Wire:
    """Record a wire and its bank entry."""
    reference = identifier(seed, "WIRE", 8, account.account_id, day, len(cash.wires)).upper()
    paid = Wire(account, day, applied, reference)
    cash.wires.append(paid)
    for invoice, amount in applied:
        at = midnight(day) + timedelta(hours=12)
        invoice.payments.append(Payment(reference, amount, at, method="wire"))
        if invoice.paid >= invoice.due_amount:
            invoice.closed_at = at
    payer = account.parent or account
    text = f"INCOMING WIRE {payer.name.upper()} {reference}"
    cash.entries.append(BankEntry(account.currency, day, paid.amount, reference, text))
    return paid


def _pend(pending: Pending, invoice: Invoice, day: date, amount: int) -> None:
    if midnight(day) < END_OF_WORLD:
        pending.setdefault((invoice.account.account_id, day), []).append((invoice, amount))


def _merge(pending: Pending) -> None:
    """Customers with two wires within a few days send one instead, on the earlier day."""
    for account_id, day in sorted(pending):
        for later in (day + timedelta(days=n) for n in range(1, MERGE_DAYS + 1)):
            if (account_id, day) in pending and (account_id, later) in pending:
                pending[account_id, day] += pending.pop((account_id, later))


def _credit_memo(invoice: Invoice) -> None:
    line = max(invoice.lines, key=lambda candidate: candidate.net)
    net = line.net // 10
    tax = round_half_away(Decimal(line.tax) * net / line.net) if line.net else 0
    at = invoice.created + timedelta(days=3)
    if at < END_OF_WORLD:
        invoice.credit_notes.append(CreditNote("", "", at, [(line, net, tax)], post_payment=False))
