"""Faults of controls C1, C3 and C4: how invoices are paid, what payouts hold, what the bank shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from ingestion.sample_company.card_payments import ODD_AMOUNT
from ingestion.sample_company.cash import BankEntry, Booking, Cash, Payout
from ingestion.sample_company.days import CLOSING_MONTH, midnight, next_business_day
from ingestion.sample_company.documents import Invoice
from ingestion.sample_company.labels import Key, Label, visible
from ingestion.sample_company.randomness import identifier
from ingestion.sample_company.write_bank import ACCOUNTS, Statement

PAYMENT_GRACE_DAYS = 5
# way of paying -> class, currencies of two self-service instances and of the sales-assisted one
WAYS = (
    ("none", "UNPAID", ("usd", "jpy"), "eur"),
    ("partial", "PARTIAL", ("eur", "jpy"), "usd"),
    ("short", "SHORT", ("usd", "eur"), "jpy"),
    ("over", "OVER", ("eur", "jpy"), "usd"),
    ("duplicate", "DUPLICATE", ("jpy", "usd"), "eur"),
    ("closed", "CLOSED_NOT_PAID", ("usd", "eur"), "jpy"),
)
# Nothing is missed before it is due.
OVERDUE = frozenset({"none", "partial", "closed"})
LATEST_SELF_SERVICE = datetime.fromisoformat("2026-10-24T00:00:00+00:00")
# Thirty days to pay and five of grace must have passed at the last delivery.
LATEST_OVERDUE = datetime.fromisoformat("2026-10-01T00:00:00+00:00")
LATEST_ASSISTED = datetime.fromisoformat("2026-10-12T00:00:00+00:00")
LATEST_PAYOUT = date(2026, 10, 30)
_BANK_FEES = {"usd": 1500, "eur": 850, "jpy": 700}
_WRONG = {"usd": 20_000, "eur": -90, "jpy": -1_000}
_STRAY = {"usd": 12_345, "eur": 4_321, "jpy": 9_800}


def choose_payments(subscriptions: list[Invoice], contracts: list[Invoice]) -> None:
    """Say how the chosen invoices will be paid; the cash stage does it."""
    for way, _, self_service, assisted in WAYS:
        for invoices, currency, latest in (
            *((subscriptions, currency, LATEST_SELF_SERVICE) for currency in self_service),
            (contracts, assisted, LATEST_OVERDUE if way in OVERDUE else LATEST_ASSISTED),
        ):
            fits = [
                invoice
                for invoice in invoices
                if not invoice.paid_as
                and invoice.finalized < latest
                and invoice.total > 4 * ODD_AMOUNT[invoice.currency]
            ]
            fits = [invoice for invoice in fits if invoice.currency == currency] or fits
            if fits:
                fits[len(fits) * 2 // 3].paid_as = way


def choose_few_payments(subscriptions: list[Invoice]) -> None:
    """The smallest yen invoice of the month to close stays unpaid."""
    fits = [
        invoice
        for invoice in subscriptions
        if not invoice.paid_as
        and invoice.currency == "jpy"
        and midnight(CLOSING_MONTH) <= invoice.finalized < LATEST_SELF_SERVICE
        and invoice.total > 0
    ]
    if fits:
        min(fits, key=lambda invoice: invoice.total).paid_as = "none"


def payment_labels(invoices: list[Invoice]) -> Iterator[Label]:
    """Labels of C1 for what `choose_payments` chose, and the decoys among the others."""
    classes = {way: break_class for way, break_class, _, _ in WAYS}
    for invoice in invoices:
        if invoice.paid_as in classes:
            due = invoice.due or invoice.finalized
            waits = invoice.paid_as in OVERDUE
            seen = due + timedelta(days=PAYMENT_GRACE_DAYS + 1) if waits else invoice.finalized + timedelta(days=21)
            yield _payment_label("fault", classes[invoice.paid_as], invoice, invoice.due_amount - invoice.paid, seen)
    kinds: list[tuple[str, Callable[[Invoice], bool]]] = [
        ("PARTIAL", lambda i: i.subscription is not None and sum(p.succeeded for p in i.payments) > 1),
        ("UNPAID", lambda i: i.subscription is not None and any(not p.succeeded for p in i.payments)),
        ("SHORT", lambda i: i.subscription is not None and i.pre_payment_credit > 0),
        ("UNPAID", lambda i: i.subscription is not None and i.voided_at is not None),
        ("SHORT", lambda i: i.contract is not None and i.pre_payment_credit > 0),
        ("PARTIAL", lambda i: i.contract is not None and len(i.payments) > 1),
        ("UNPAID", lambda i: i.contract is not None and not i.payments),
        ("MISAPPLIED", lambda i: i.account.parent is not None and bool(i.payments)),
    ]
    plain = [invoice for invoice in invoices if not invoice.paid_as and invoice.total > 0]
    for break_class, wanted in kinds:
        found = next((invoice for invoice in plain if wanted(invoice)), None)
        if found is not None:
            yield _payment_label("decoy", break_class, found, None, found.finalized)
    yield from _batch_decoys(plain)
    yield from _twin_decoys(plain)


def _batch_decoys(invoices: list[Invoice]) -> Iterator[Label]:
    """Two invoices that one wire pays."""
    by_wire: dict[str, list[Invoice]] = {}
    for invoice in invoices:
        if invoice.contract is not None and len(invoice.payments) == 1:
            by_wire.setdefault(invoice.payments[0].payment_id, []).append(invoice)
    for group in [group for group in by_wire.values() if len(group) > 1][:1]:
        for invoice in group:
            yield _payment_label("decoy", "OVER", invoice, None, invoice.finalized)


def _twin_decoys(invoices: list[Invoice]) -> Iterator[Label]:
    """Two equal payments of one customer on one day, for two invoices."""
    groups: dict[tuple[str, date, int], list[Invoice]] = {}
    for invoice in invoices:
        if invoice.subscription is not None and len(invoice.payments) == 1:
            payment = invoice.payments[0]
            groups.setdefault((invoice.account.account_id, payment.at.date(), payment.amount), []).append(invoice)
    for group in [group for group in groups.values() if len(group) > 1][:1]:
        for invoice in group:
            yield _payment_label("decoy", "DUPLICATE", invoice, None, invoice.finalized)


def _payment_label(kind: str, break_class: str, invoice: Invoice, amount: int | None, seen: datetime) -> Label:
    system = "stripe" if invoice.subscription is not None else "erp"
    return Label(
        kind,
        break_class,
        "C1",
        system,
        lambda: f"{system}|{invoice.invoice_id}",
        invoice.currency,
        amount,
        None,
        invoice.finalized,
        visible(seen),
    )


class PayoutFaults:
    """Changes payouts and bank entries; every payout is touched at most once."""

    def __init__(self, seed: int, cash: Cash) -> None:
        self.labels: list[Label] = []
        self._seed = seed
        self._cash = cash
        self._taken: set[str] = set()
        self._missing: set[str] = set()
        self._changed: dict[str, tuple[int, str]] = {}
        self._stray: list[BankEntry] = []

    def hold_back(self) -> frozenset[str]:
        """Charges that became available and that no payout ever holds."""
        held = []
        for currency in ("usd", "eur", "jpy"):
            fits = [
                b
                for b in self._cash.bookings
                if b.kind == "charge" and b.currency == currency and date(2026, 10, 1) <= b.available < LATEST_PAYOUT
            ]
            if not fits:
                continue
            booking = fits[len(fits) // 3]
            held.append(booking.booking_id)
            seen = visible(midnight(booking.available), 5)
            self._label(
                "C3",
                "BT_UNASSIGNED",
                booking.booking_id,
                currency,
                booking.net,
                at=booking.created,
                visible_from=seen,
                # What is not paid out stays on the ERP's clearing account.
                also=(("C8", f"1200|{booking.source_id}"),),
            )
        return frozenset(held)

    def plant(self) -> None:
        """Everything about payouts; called before the bank books them."""
        for currency in ACCOUNTS:
            self._returned(currency)
        for currency, difference in (("usd", -500), ("eur", 1200), ("jpy", -300)):
            payout = self._choose(currency)
            payout.amount += difference
            self._about("C3", "PAYOUT_SUM", payout, -difference)
        for currency in ("eur", "usd", "jpy"):
            self._twice(currency)
        for currency in ACCOUNTS:
            payout = self._choose(currency)
            self._missing.add(payout.payout_id)
            self._about("C4", "NOT_RECEIVED", payout, payout.amount, 5)
        for currency in ACCOUNTS:
            payout = self._choose(currency, at_least=2 * abs(_WRONG[currency]))
            self._changed[payout.payout_id] = (-_WRONG[currency], "")
            self._about("C4", "AMOUNT", payout, _WRONG[currency])
        for currency in ACCOUNTS:
            self._bank_fee(self._choose(currency, at_least=2 * _BANK_FEES[currency]))
        for number, currency in enumerate(ACCOUNTS):
            day = next_business_day(date(2026, 10, 12), 3 * number + 1)
            trace = identifier(self._seed, "", 12, "stray", currency).upper()
            self._stray.append(BankEntry(currency, day, _STRAY[currency], trace, f"STRIPE PAYOUT {trace}"))

    def plant_few(self) -> None:
        """The bank keeps a fee of the smallest payout it could."""
        fits = [
            payout
            for payout in self._cash.payouts
            if payout.currency == "usd"
            and payout.amount >= 2 * _BANK_FEES["usd"]
            and payout.created.date() >= CLOSING_MONTH
            and payout.arrival < LATEST_PAYOUT
        ]
        if fits:
            payout = min(fits, key=lambda candidate: candidate.amount)
            self._taken.add(payout.payout_id)
            self._bank_fee(payout)

    def _bank_fee(self, payout: Payout) -> None:
        fee = _BANK_FEES[payout.currency]
        self._changed[payout.payout_id] = (-fee, " LESS BANK CHARGES")
        self._about("C4", "BANK_FEE", payout, fee)

    def bank(self) -> None:
        """What the bank shows of it."""
        by_trace = {payout.trace: payout for payout in self._cash.payouts}
        kept = []
        for entry in self._cash.entries:
            payout = by_trace.get(entry.reference)
            if payout is not None and payout.payout_id in self._missing:
                continue
            if payout is not None and payout.payout_id in self._changed:
                difference, text = self._changed[payout.payout_id]
                entry.amount += difference
                entry.text += text
            kept.append(entry)
        for payout in self._cash.payouts:
            if payout.failed_at is not None:
                text = f"RETURN STRIPE PAYOUT {payout.trace}"
                kept.append(BankEntry(payout.currency, payout.failed_at.date(), -payout.amount, payout.trace, text))
        self._cash.entries[:] = kept + self._stray

    def stray_labels(self, statements: list[Statement]) -> Iterator[Label]:
        """Bank credits that name a payout nobody sent; their place is known once the statements are."""
        for statement in statements:
            for number, entry in enumerate(statement.entries, start=1):
                if entry in self._stray:
                    key = f"{statement.key}|{number}"
                    yield Label(
                        "fault",
                        "UNKNOWN_CREDIT",
                        "C4",
                        "bank",
                        key,
                        statement.currency,
                        -entry.amount,
                        None,
                        midnight(entry.day),
                        visible(midnight(entry.day)),
                    )

    def decoys(self) -> Iterator[Label]:
        """A payout still on its way, one that took money back, and one in yen."""
        kinds: list[tuple[str, Callable[[Payout], bool]]] = [
            ("NOT_RECEIVED", lambda p: p.arrival > date(2026, 11, 8)),
            ("AMOUNT", lambda p: p.amount < 0),
            ("AMOUNT", lambda p: p.currency == "jpy" and p.arrival < LATEST_PAYOUT),
        ]
        for break_class, wanted in kinds:
            payout = next((p for p in self._cash.payouts if p.payout_id not in self._taken and wanted(p)), None)
            if payout is not None:
                yield Label(
                    "decoy",
                    break_class,
                    "C4",
                    "stripe",
                    payout.payout_id,
                    payout.currency,
                    None,
                    None,
                    payout.created,
                    visible(payout.created),
                )

    def _choose(self, currency: str, at_least: int = 2_000, before: date = LATEST_PAYOUT) -> Payout:
        """The last untouched one that fits."""
        fits = [
            p
            for p in self._cash.payouts
            if p.currency == currency and p.amount >= at_least and p.arrival < before and p.payout_id not in self._taken
        ]
        payout = fits[len(fits) * 3 // 4]
        self._taken.add(payout.payout_id)
        return payout

    def _returned(self, currency: str) -> None:
        """The bank sends a payout back two days later; the processor pays it out again with a later one."""
        payout = self._choose(currency, before=date(2026, 10, 12))
        failed_on = next_business_day(payout.arrival, 2)
        payout.failed_at = midnight(failed_on) + timedelta(hours=9)
        failure = Booking(
            identifier(self._seed, "txn_1Q", 20, payout.payout_id, "failure"),
            "payout_failure",
            "payout_reversal",
            payout.amount,
            0,
            currency,
            payout.payout_id,
            payout.failed_at,
            next_business_day(failed_on),
        )
        payout.failure_booking_id = failure.booking_id
        self._cash.bookings.append(failure)
        later = next(
            p
            for p in self._cash.payouts
            if p.currency == currency and p.created.date() >= failure.available and p.payout_id not in self._taken
        )
        failure.available = later.created.date()
        later.listed.append(failure)
        later.amount += failure.net
        self._taken.add(later.payout_id)
        self._about("C4", "RETURNED", payout, payout.amount)

    def _twice(self, currency: str) -> None:
        """The processor lists a booking under the next payout too, without paying it again."""
        payout = self._choose(currency)
        later = next(
            p
            for p in self._cash.payouts
            if p.currency == currency and p.created > payout.created and p.payout_id not in self._taken
        )
        self._taken.add(later.payout_id)
        booking = payout.listed[0]
        later.listed.append(booking)
        seen = visible(later.created)
        self._label("C3", "BT_TWICE", booking.booking_id, currency, -booking.net, at=later.created, visible_from=seen)

    def _about(self, control: str, break_class: str, payout: Payout, amount: int, days: int = 1) -> None:
        seen = visible(midnight(payout.arrival), days)
        self._label(
            control, break_class, payout.payout_id, payout.currency, amount, at=payout.created, visible_from=seen
        )

    def _label(
        self,
        control: str,
        break_class: str,
        key: Key,
        currency: str,
        amount: int,
        *,
        at: datetime,
        visible_from: date,
        also: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Say what was done."""
        self.labels.append(
            Label("fault", break_class, control, "stripe", key, currency, amount, None, at, visible_from, also=also)
        )
