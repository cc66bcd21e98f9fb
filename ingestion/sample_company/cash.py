"""Money: how invoices are paid, what the processor books, when it pays out, and what the bank shows.

Self-service invoices are charged an hour after they are finalized; fixed shares of them fail and are retried after three
days, are paid by two transfers, get a credit note before the payment, are refunded with a credit note, disputed, or
voided and issued again. Sales-assisted invoices are paid by wire before they are due, sometimes two by one wire.
A processor's booking is available on the next business day, paid out that day, and at the bank two business days later.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from ingestion.sample_company.bill_subscriptions import END_OF_WORLD
from ingestion.sample_company.days import is_business_day, midnight, next_business_day
from ingestion.sample_company.documents import CreditNote, Invoice, Payment
from ingestion.sample_company.facts import Account
from ingestion.sample_company.money import round_half_away
from ingestion.sample_company.randomness import identifier, substream

_FEES = {"usd": (Decimal("0.029"), 30), "eur": (Decimal("0.015"), 25), "jpy": (Decimal("0.036"), 0)}
# What `paid_as` may say: once in full, not at all, closed without money, part of it, closed short, too much, twice.
WAYS = ("plain", "none", "closed", "partial", "short", "over", "duplicate")
MERGE_DAYS = 8
ODD_AMOUNT = {"usd": 2500, "eur": 1999, "jpy": 3000}
_DISPUTE_FEE = {"usd": 1500, "eur": 1500, "jpy": 1300}


@dataclass
class Booking:
    """One balance transaction of the processor; net = amount - fee, in minor units."""

    booking_id: str
    kind: str
    category: str
    amount: int
    fee: int
    currency: str
    source_id: str
    created: datetime
    available: date

    @property
    def net(self) -> int:
        return self.amount - self.fee


@dataclass
class Refund:
    refund_id: str
    payment: Payment
    invoice: Invoice
    amount: int
    at: datetime


@dataclass
class Dispute:
    dispute_id: str
    payment: Payment
    invoice: Invoice
    amount: int
    opened: datetime
    closed: datetime | None
    won: bool


@dataclass
class Payout:
    """`listed` are the bookings the processor lists under the payout; `amount` is what it says it sends."""

    payout_id: str
    currency: str
    created: datetime
    arrival: date
    amount: int
    listed: list[Booking]
    trace: str
    booking_id: str
    failed_at: datetime | None = None
    failure_booking_id: str | None = None


@dataclass
class Wire:
    """One customer payment in the ERP: a single amount on the bank, applied to one or more invoices."""

    account: Account
    day: date
    applied: list[tuple[Invoice, int]]
    reference: str

    @property
    def amount(self) -> int:
        return sum(amount for _, amount in self.applied)


@dataclass
class BankEntry:
    """One booked entry of a bank account; `amount` is signed, credits positive."""

    currency: str
    day: date
    amount: int
    reference: str
    text: str
    type_code: str = "NTRF"


@dataclass
class Cash:
    refunds: list[Refund] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)
    payouts: list[Payout] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    entries: list[BankEntry] = field(default_factory=list)


def fee_of(amount: int, currency: str) -> int:
    share, fixed = _FEES[currency]
    return round_half_away(amount * share) + fixed


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


def _wire_as(invoice: Invoice, cash: Cash, seed: int) -> None:
    """The same ways, by wire."""
    day = _business_day(invoice.created.date() + timedelta(days=20))
    due, cut = invoice.due_amount, ODD_AMOUNT[invoice.currency]
    amounts = {"plain": due, "partial": due * 2 // 5, "short": due - cut, "over": due + cut, "duplicate": due}
    if invoice.paid_as in amounts and midnight(day) < END_OF_WORLD:
        wire(cash, invoice.account, day, [(invoice, amounts[invoice.paid_as])], seed)
    if invoice.paid_as == "duplicate":
        wire(cash, invoice.account, next_business_day(day, 2), [(invoice, due)], seed)
    if invoice.paid_as in {"closed", "short", "duplicate"}:
        invoice.closed_at = midnight(day) + timedelta(hours=12)


def _pay(invoice: Invoice, number: int, cash: Cash, seed: int) -> list[Invoice]:
    at = invoice.finalized + timedelta(hours=1)
    if number % 41 == 3:
        return [_void_and_reissue(invoice, seed)]
    if number % 17 == 5:
        charge(invoice, at, invoice.due_amount, seed, succeeded=False)
        charge(invoice, at + timedelta(days=3), invoice.due_amount, seed)
        return []
    if number % 23 == 7:
        invoice.collection_method = "send_invoice"
        invoice.due = invoice.finalized + timedelta(days=10)
        first = invoice.due_amount * 2 // 5
        charge(invoice, at + timedelta(days=1), first, seed, method="customer_balance")
        charge(invoice, at + timedelta(days=3), invoice.due_amount - first, seed, method="customer_balance")
        return []
    if number % 19 == 11:
        _credit(invoice, invoice.finalized + timedelta(minutes=30), post_payment=False, seed=seed)
    payment = charge(invoice, at, invoice.due_amount, seed)
    if payment is None:
        return []
    if number % 13 == 4 and at + timedelta(days=5) < END_OF_WORLD:
        _refund(invoice, payment, cash, seed)
    elif number % 29 == 9 and at + timedelta(days=4) < END_OF_WORLD:
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


def book(invoices: list[Invoice], cash: Cash, seed: int) -> None:
    """The processor's balance transactions of every charge, refund and dispute, oldest first."""
    for invoice in invoices:
        for payment in invoice.payments:
            if payment.succeeded and payment.charge_id:
                fee = fee_of(payment.amount, invoice.currency)
                _book(cash, seed, "charge", "charge", payment.amount, fee, invoice, payment.charge_id, payment.at)
    for refund in cash.refunds:
        _book(cash, seed, "refund", "refund", -refund.amount, 0, refund.invoice, refund.refund_id, refund.at)
    for dispute in cash.disputes:
        fee = _DISPUTE_FEE[dispute.invoice.currency]
        arguments = (dispute.invoice, dispute.dispute_id)
        _book(cash, seed, "adjustment", "dispute", -dispute.amount, fee, *arguments, dispute.opened)
        if dispute.closed is not None and dispute.won:
            _book(cash, seed, "adjustment", "dispute_reversal", dispute.amount, 0, *arguments, dispute.closed)
    cash.bookings.sort(key=lambda booking: (booking.created, booking.booking_id))


def _book(
    cash: Cash, seed: int, kind: str, category: str, amount: int, fee: int, invoice: Invoice, source: str, at: datetime
) -> None:
    cash.bookings.append(
        Booking(
            identifier(seed, "txn_3Q", 20, source, category), kind, category, amount, fee, invoice.currency, source, at,
            next_business_day(at.date()),
        )
    )  # fmt: skip


def pay_out(cash: Cash, seed: int, *, held_back: frozenset[str] = frozenset()) -> None:
    """One payout per currency and business day with all that became available; negative ones debit the bank account."""
    groups: dict[tuple[date, str], list[Booking]] = {}
    for booking in cash.bookings:
        if midnight(booking.available) < END_OF_WORLD and booking.booking_id not in held_back:
            groups.setdefault((booking.available, booking.currency), []).append(booking)
    for (day, currency), bookings in sorted(groups.items()):
        amount = sum(booking.net for booking in bookings)
        cash.payouts.append(
            Payout(
                payout_id=identifier(seed, "po_1Q", 20, day, currency),
                currency=currency,
                created=midnight(day) + timedelta(minutes=30),
                arrival=next_business_day(day, 2),
                amount=amount,
                listed=bookings,
                trace=identifier(seed, "", 12, "trace", day, currency).upper(),
                booking_id=identifier(seed, "txn_1Q", 20, day, currency),
            )
        )


def bank_payouts(cash: Cash) -> None:
    """What the bank books for payouts that have arrived."""
    for payout in cash.payouts:
        if midnight(payout.arrival) < END_OF_WORLD:
            cash.entries.append(payout_entry(payout))


def payout_entry(payout: Payout) -> BankEntry:
    return BankEntry(payout.currency, payout.arrival, payout.amount, payout.trace, f"STRIPE PAYOUT {payout.trace}")


def pay_contracts(invoices: list[Invoice], cash: Cash, seed: int) -> None:
    """Wires for the sales-assisted invoices; unpaid ones are not yet due."""
    pending: dict[tuple[str, date], list[tuple[Invoice, int]]] = {}
    for number, invoice in enumerate(invoices, start=1):
        if invoice.total <= 0:
            # A reduction's stub is set off, not paid.
            invoice.closed_at = invoice.finalized
            continue
        if invoice.paid_as:
            _wire_as(invoice, cash, seed)
            continue
        if number % 11 == 6:
            _credit_memo(invoice)
        # A customer's bills of one month are paid within days of each other, so that some wires pay two.
        rng = substream(seed, "wire", invoice.account.account_id, f"{invoice.created:%Y-%m}")
        day = _business_day(invoice.created.date() + timedelta(days=rng.randrange(18, 28)))
        due = invoice.due_amount
        if number % 9 == 4:
            first = due * 3 // 10
            _pend(pending, invoice, _business_day(invoice.created.date() + timedelta(days=9)), first)
            _pend(pending, invoice, day, due - first)
        else:
            _pend(pending, invoice, day, due)
    _merge(pending)
    for (_, day), applied in sorted(pending.items(), key=lambda item: (item[0][1], item[0][0])):
        wire(cash, applied[0][0].account, day, applied, seed)


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
    text = f"INCOMING WIRE {account.name.upper()} {reference}"
    cash.entries.append(BankEntry(account.currency, day, paid.amount, reference, text))
    return paid


def _pend(pending: dict[tuple[str, date], list[tuple[Invoice, int]]], invoice: Invoice, day: date, amount: int) -> None:
    if midnight(day) < END_OF_WORLD:
        pending.setdefault((invoice.account.account_id, day), []).append((invoice, amount))


def _merge(pending: dict[tuple[str, date], list[tuple[Invoice, int]]]) -> None:
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


def _business_day(day: date) -> date:
    return day if is_business_day(day) else next_business_day(day)


def other_entries(cash: Cash, start: date) -> None:
    """What else moves on the bank accounts: the opening deposit, rent and salaries, and interest; nothing of Stripe's."""
    day = start
    for currency, deposit, salary in (
        ("usd", 50_000_000, 900_000),
        ("eur", 40_000_000, 700_000),
        ("jpy", 90_000_000, 1_500_000),
    ):
        first = _business_day(start)
        cash.entries.append(BankEntry(currency, first, deposit, "CAPITAL", "CAPITAL CONTRIBUTION ACME HOLDING"))
        day = start
        while midnight(day) < END_OF_WORLD:
            pay_day = _business_day(day + timedelta(days=24))
            if midnight(pay_day) < END_OF_WORLD:
                cash.entries.append(
                    BankEntry(currency, pay_day, -salary, f"PAY{day:%Y%m}", f"SALARIES {day:%B %Y}".upper())
                )
                cash.entries.append(BankEntry(currency, pay_day, 1200, f"INT{day:%Y%m}", "CREDIT INTEREST"))
            day = (day.replace(day=28) + timedelta(days=5)).replace(day=1)
