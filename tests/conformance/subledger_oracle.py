"""What the history of an invoice books, event by event in whole numbers: a second opinion for tests.

It shares no line with the SQL and works the other way round: a loop over events that changes objects, where the
warehouse computes sets. Amounts are minor units; debit is positive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

Case = dict[str, Any]
Movements = dict[str, dict[str, int]]


def half_even(numerator: int, denominator: int) -> int:
    """The nearest whole number, a half to the even one."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    whole, rest = divmod(abs(numerator), abs(denominator))
    return sign * (whole + (2 * rest > abs(denominator) or (2 * rest == abs(denominator) and whole % 2 == 1)))


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """The total in proportion to weights; ties to the earliest. What is negative, total or weights, mirrors it."""
    over = sum(weights)
    if over < 0:
        return [-part for part in largest_remainder(-total, [-weight for weight in weights])]
    if over == 0:
        return [0] * len(weights)
    parts = [abs(total) * weight // over for weight in weights]
    rests = [abs(total) * weight % over for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: (-rests[place], place))
    for place in order[: abs(total) - sum(parts)]:
        parts[place] += 1
    return [-part if total < 0 else part for part in parts]


def spans(start: date, end: date) -> list[tuple[date, date]]:
    """[start, end) cut at month starts."""
    cut = []
    while start < end:
        following = min(end, (start.replace(day=1) + timedelta(days=32)).replace(day=1))
        cut.append((start, following))
        start = following
    return cut


@dataclass
class Piece:
    """An amount that is earned evenly over [start, end), or at once where both are the same day."""

    start: date
    end: date
    amount: int
    restored: bool = False

    def divided(self, day: date) -> tuple[int, int]:
        """What is earned before the day, and what is not."""
        if self.end <= day:
            return self.amount, 0
        if self.start >= day:
            return 0, self.amount
        before = half_even(self.amount * (day - self.start).days, (self.end - self.start).days)
        return before, self.amount - before


def planned(amount: int, start: date, end: date) -> list[Piece]:
    """The amount over its days, cut at month starts."""
    cut = spans(start, end)
    parts = largest_remainder(amount, [(until - since).days for since, until in cut])
    return [Piece(since, until, part) for (since, until), part in zip(cut, parts, strict=True)]


def put_back_on(day: date, piece: Piece, missed: int, rest: int) -> list[Piece]:
    """What is put back on a day: what was missed is earned on it, the rest as it would have been."""
    back = [Piece(day, day, missed)]
    if piece.end > day:
        back.append(Piece(max(day, piece.start), piece.end, rest, restored=True))
    return back


@dataclass
class Line:
    """What an invoice line earns, and what has been taken back of its earned part."""

    amount: int
    pieces: list[Piece]
    accrued_before: date | None = None
    contra: int = 0

    def divide(self, day: date) -> None:
        """Pieces that lie across the day become two."""
        divided = []
        for piece in self.pieces:
            if piece.start < day < piece.end:
                before, after = piece.divided(day)
                divided.append(Piece(piece.start, day, before, piece.restored))
                divided.append(Piece(day, piece.end, after, piece.restored))
            else:
                divided.append(piece)
        self.pieces = divided

    def earned(self, day: date) -> int:
        """Earned before the start of the day, less what was taken back of it."""
        return sum(piece.divided(day)[0] for piece in self.pieces) - self.contra

    def unearned(self, day: date) -> int:
        """Not earned yet at the start of the day."""
        return sum(piece.divided(day)[1] for piece in self.pieces)

    def respread(self, day: date, left: int) -> list[Piece]:
        """Spread what is left over the days left; gives what every piece has lost."""
        old = [piece for piece in self.pieces if piece.end > day]
        new = largest_remainder(left, [0 if piece.restored else (piece.end - piece.start).days for piece in old])
        lost = [Piece(piece.start, piece.end, piece.amount - amount) for piece, amount in zip(old, new, strict=True)]
        for piece, amount in zip(old, new, strict=True):
            piece.amount = amount
        return lost


@dataclass
class Taken:
    """What one event took out of an invoice: contra and pieces of deferred revenue of every line, and the rest."""

    amount: int
    tax: int = 0
    recoverables: int = 0
    beyond: int = 0
    contra: list[int] = field(default_factory=list)
    deferred: list[list[Piece]] = field(default_factory=list)
    booked: dict[str, int] = field(default_factory=dict)
    open: bool = True
    is_final: bool = False

    @property
    def deferred_total(self) -> int:
        """What was taken of deferred revenue, over all lines."""
        return sum(piece.amount for pieces in self.deferred for piece in pieces)


@dataclass
class Invoice:
    """The running state of an invoice."""

    lines: list[Line]
    tax: int
    receivable: int
    bad_debt: int = 0
    recoverables: int = 0
    written_off: bool = False
    disputes: list[Taken] = field(default_factory=list)
    credit_notes: list[Taken] = field(default_factory=list)

    def net(self, day: date) -> int:
        """What is left of the lines."""
        return sum(line.earned(day) + line.unearned(day) for line in self.lines)


class Subledger:
    """Runs the events of one case; ``rows`` are (day, account, amount)."""

    def __init__(self, late_billing: str = "catch_up") -> None:
        """Start with nothing open."""
        self.accrues_late = late_billing == "accrue_unbilled"
        self.rows: list[tuple[date, str, int]] = []
        self.invoices: dict[str, Invoice] = {}
        self.items: dict[str, tuple[list[Piece], date]] = {}
        self.meters: dict[str, list[Piece]] = defaultdict(list)

    def run(self, events: Iterable[Case]) -> Movements:
        """Movements by month and account; zeroes and empty months are left out."""
        for event in sorted(events, key=lambda event: event["date"]):
            day = date.fromisoformat(event["date"])
            if fee := event.get("fee", 0):
                self.post(day, fees=fee, cash=0 if event["type"] == "payment" else -fee)
            getattr(self, event["type"])(day, event)
        for pieces, dated in self.items.values():
            self.accrue(pieces, dated)
        for invoice in self.invoices.values():
            for line in invoice.lines:
                self.earn(line)
        return self.movements()

    def movements(self) -> Movements:
        """The rows so far, summed."""
        sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for day, account, amount in self.rows:
            sums[f"{day:%Y-%m}"][account] += amount
        kept = {month: {name: amount for name, amount in sums[month].items() if amount} for month in sorted(sums)}
        return {month: accounts for month, accounts in kept.items() if accounts}

    def post(self, day: date, **amounts: int) -> None:
        """Book amounts on accounts."""
        self.rows += [(day, account, amount) for account, amount in amounts.items()]

    def accrue(self, pieces: Iterable[Piece], dated: date) -> int:
        """Book pieces as earned and not billed yet; gives the sum."""
        accrued = 0
        for piece in pieces:
            day = piece.start if self.accrues_late else max(piece.start, dated)
            self.post(day, unbilled_receivable=piece.amount, revenue=-piece.amount)
            accrued += piece.amount
        return accrued

    def earn(self, line: Line) -> None:
        """Book revenue of what was not accrued, out of deferred revenue."""
        for piece in line.pieces:
            if line.accrued_before is None or piece.start >= line.accrued_before:
                self.post(piece.start, deferred_revenue=piece.amount, revenue=-piece.amount)

    def usage(self, day: date, event: Case) -> None:
        """Usage is earned at once and not billed yet."""
        self.meters[event["meter"]].append(Piece(day, day, event["amount"]))
        self.post(day, unbilled_receivable=event["amount"], revenue=-event["amount"])

    def unbilled_item(self, day: date, event: Case) -> None:
        """An item waits for its invoice."""
        self.items[event["id"]] = (planned(event["amount"], *service_of(event, day)), day)

    def invoice(self, day: date, event: Case) -> None:
        """What is due, and what of it is deferred."""
        lines = [self.line(day, line) for line in event["lines"]]
        tax = sum(line.get("tax", 0) for line in event["lines"])
        total = sum(line.amount for line in lines) + tax
        applied = event.get("credit_balance_applied", 0)
        self.rows.append((day, "accounts_receivable" if total >= 0 else "customer_credit_balance", total))
        self.post(day, tax_payable=-tax, customer_credit_balance=applied, accounts_receivable=-applied)
        self.invoices[event["id"]] = Invoice(lines, tax, max(total, 0) - applied)

    def line(self, day: date, given: Case) -> Line:
        """A line as it is billed: what was accrued leaves unbilled, the rest is deferred."""
        if "bills_meter" in given:
            pieces = self.meters.pop(given["bills_meter"], [])
            amount = sum(piece.amount for piece in pieces)
            self.post(day, unbilled_receivable=-amount)
            return Line(amount, pieces, accrued_before=date.max)
        if "bills_item" in given:
            pieces, dated = self.items.pop(given["bills_item"])
            return self.accrued_line(day, pieces, dated)
        pieces = planned(given["amount"], *service_of(given, day))
        if self.accrues_late:
            return self.accrued_line(day, pieces, day)
        self.post(day, deferred_revenue=-given["amount"])
        for piece in pieces:
            late = piece.divided(day)[0]
            # earned on the invoice, not in its own month
            self.post(day, deferred_revenue=late, revenue=-late)
            self.post(piece.start, deferred_revenue=-late, revenue=late)
        return Line(given["amount"], pieces)

    def accrued_line(self, day: date, pieces: list[Piece], dated: date) -> Line:
        """A line whose days before the invoice were accrued."""
        line = Line(sum(piece.amount for piece in pieces), pieces, accrued_before=day)
        line.divide(day)
        accrued = self.accrue([piece for piece in line.pieces if piece.end <= day], dated)
        self.post(day, unbilled_receivable=-accrued, deferred_revenue=accrued - line.amount)
        return line

    def payment(self, day: date, event: Case) -> None:
        """Money comes in; after a write-off it is recovered."""
        invoice, amount = self.invoices[event["invoice"]], event["amount"]
        money = "external_asset" if event.get("out_of_band") else "cash"
        self.rows.append((day, money, amount - event.get("fee", 0)))
        if not invoice.written_off:
            invoice.receivable -= amount
            self.post(day, accounts_receivable=-amount)
            return
        recovered = min(amount, max(invoice.bad_debt, 0))
        invoice.bad_debt -= recovered
        invoice.recoverables += amount - recovered
        self.post(day, bad_debt=-recovered, recoverables=recovered - amount)

    def take(self, day: date, invoice: Invoice, taken: Taken, account: str) -> int:
        """Take an amount out of an invoice; gives the contra.

        What the invoice cannot give comes of recoverables, then of revenue; after a write-off recoverables come first.
        """
        net = invoice.net(day)
        first = min(taken.amount, max(invoice.recoverables, 0)) if invoice.written_off else 0
        inside = min(taken.amount - first, max(net + invoice.tax, 0))
        taken.tax = half_even(inside * invoice.tax, net + invoice.tax) if inside else 0
        contra = self.take_net(day, invoice, taken, inside - taken.tax)
        taken.recoverables = min(taken.amount - inside, max(invoice.recoverables, 0))
        invoice.recoverables -= taken.recoverables
        taken.beyond = taken.amount - inside - taken.recoverables
        self.book(day, invoice, taken, {account: contra + taken.beyond, "recoverables": taken.recoverables})
        return contra + taken.beyond

    def take_net(self, day: date, invoice: Invoice, taken: Taken, net: int) -> int:
        """Share a net amount over the lines and take it of their earned and unearned parts; gives the contra."""
        left = [line.earned(day) + line.unearned(day) for line in invoice.lines]
        for line, weight, part in zip(invoice.lines, left, largest_remainder(net, left), strict=True):
            line.divide(day)
            contra = half_even(part * line.earned(day), weight) if weight else 0
            taken.contra.append(contra)
            taken.deferred.append(line.respread(day, line.unearned(day) - (part - contra)) if part else [])
            line.contra += contra
        return sum(taken.contra)

    def take_all(self, day: date, invoice: Invoice, taken: Taken) -> int:
        """Take all that is left of the lines; gives the contra."""
        for line in invoice.lines:
            line.divide(day)
            contra = line.earned(day)
            taken.contra.append(contra)
            taken.deferred.append(line.respread(day, 0))
            line.contra += contra
        return sum(taken.contra)

    def book(self, day: date, invoice: Invoice, taken: Taken, accounts: dict[str, int]) -> None:
        """The debit side of what was taken."""
        invoice.tax -= taken.tax
        taken.booked = {**accounts, "tax_payable": taken.tax, "deferred_revenue": taken.deferred_total}
        self.post(day, **taken.booked)

    def refund(self, day: date, event: Case) -> None:
        """Money goes back."""
        self.take(day, self.invoices[event["invoice"]], Taken(event["amount"]), "refunds")
        self.post(day, cash=-event["amount"])

    def dispute(self, day: date, event: Case) -> None:
        """Money is taken back by the customer's bank."""
        invoice, taken = self.invoices[event["invoice"]], Taken(event["amount"])
        self.take(day, invoice, taken, "disputes")
        invoice.disputes.append(taken)
        self.post(day, cash=-event["amount"])

    def dispute_lost(self, _day: date, event: Case) -> None:
        """Nothing more than its fee."""
        self.last_open(self.invoices[event["invoice"]].disputes)

    @staticmethod
    def last_open(taken: list[Taken]) -> Taken | None:
        """The last that is still open, which this closes."""
        found = next((one for one in reversed(taken) if one.open), None)
        if found:
            found.open = False
        return found

    def dispute_won(self, day: date, event: Case) -> None:
        """Money comes back: a gain, or what was taken is put back."""
        invoice, amount, back = self.invoices[event["invoice"]], event["amount"], 0
        dispute = self.last_open(invoice.disputes)
        if dispute and event.get("policy") == "reinstate":
            back = self.reinstate(day, invoice, dispute, min(amount, dispute.amount))
        invoice.recoverables += amount - back
        self.post(day, cash=amount, recoverables=back - amount)

    def reinstate(self, day: date, invoice: Invoice, taken: Taken, amount: int) -> int:
        """Put back what was taken, in proportion to the amount; gives what was put back."""

        def share(value: int) -> int:
            return value if amount == taken.amount else half_even(value * amount, taken.amount)

        deferred = 0
        for line, contra, pieces in zip(invoice.lines, taken.contra, taken.deferred, strict=True):
            line.contra -= share(contra)
            line.divide(day)
            for piece in pieces:
                missed, rest = piece.divided(day)
                deferred += share(missed) + share(rest)
                line.pieces += put_back_on(day, piece, share(missed), share(rest))
        contra = sum(share(contra) for contra in taken.contra) + share(taken.beyond)
        tax, recoverables = share(taken.tax), share(taken.recoverables)
        invoice.tax += tax
        invoice.recoverables += recoverables
        self.post(day, disputes=-contra, tax_payable=-tax, recoverables=-recoverables, deferred_revenue=-deferred)
        return contra + tax + recoverables + deferred

    def void(self, day: date, event: Case) -> None:
        """The invoice should not have been."""
        invoice = self.invoices[event["invoice"]]
        if invoice.written_off:
            self.post(day, voids=invoice.bad_debt, bad_debt=-invoice.bad_debt)
            invoice.bad_debt = 0
            return
        taken = Taken(0, tax=invoice.tax)
        contra = self.take_all(day, invoice, taken)
        self.book(day, invoice, taken, {"voids": contra})
        whole = contra + taken.tax + taken.deferred_total
        invoice.receivable -= max(whole, 0)
        self.rows.append((day, "accounts_receivable" if whole >= 0 else "customer_credit_balance", -whole))

    def uncollectible(self, day: date, event: Case) -> None:
        """The customer will not pay what is open."""
        invoice = self.invoices[event["invoice"]]
        if invoice.written_off:
            return
        net, taken = invoice.net(day), Taken(0)
        inside = max(min(invoice.receivable, net + invoice.tax), 0)
        taken.tax = half_even(inside * invoice.tax, net + invoice.tax) if inside else 0
        contra = self.take_all(day, invoice, taken)
        settled = net + taken.tax - invoice.receivable
        bad_debt = contra if settled < 0 or not net else half_even(max(net - settled, 0) * contra, net)
        recoverables = bad_debt + taken.deferred_total + taken.tax - invoice.receivable
        self.book(day, invoice, taken, {"bad_debt": bad_debt, "recoverables": -recoverables})
        self.post(day, accounts_receivable=-invoice.receivable)
        invoice.bad_debt, invoice.receivable, invoice.written_off = bad_debt, 0, True
        invoice.recoverables += recoverables

    def credit_note(self, day: date, event: Case) -> None:
        """Less is owed; a part of it may be paid out."""
        invoice, amount = self.invoices[event["invoice"]], event["amount"]
        paid_out = {
            "cash": -event.get("refund", 0),
            "customer_credit_balance": -event.get("to_balance", 0),
            "external_credit_liability": -event.get("out_of_band", 0),
        }
        rest = amount + sum(paid_out.values())
        self.post(day, **paid_out)
        taken = Taken(amount - rest if invoice.written_off else amount)
        contra = self.take(day, invoice, taken, "credit_notes")
        refunded = half_even(contra * -paid_out["cash"], taken.amount) if taken.amount else 0
        self.post(day, credit_notes=-refunded, refunds=refunded)
        if invoice.written_off:
            kept = min(rest, max(invoice.bad_debt, 0))
            invoice.bad_debt -= kept
            self.post(day, credit_notes=kept, bad_debt=-kept)
            taken.is_final = True
        else:
            self.post(day, accounts_receivable=-rest)
            invoice.receivable -= rest
        taken.booked |= {
            "refunds": refunded,
            "credit_notes": contra - refunded,
            "accounts_receivable": -rest,
            **paid_out,
        }
        invoice.credit_notes.append(taken)

    def credit_note_void(self, day: date, event: Case) -> None:
        """All of a credit note is put back."""
        invoice = self.invoices[event["invoice"]]
        taken = self.last_open(invoice.credit_notes)
        if taken is None or taken.is_final:
            return
        for line, contra, pieces in zip(invoice.lines, taken.contra, taken.deferred, strict=True):
            line.contra -= contra
            line.divide(day)
            for piece in pieces:
                line.pieces += put_back_on(day, piece, *piece.divided(day))
        invoice.tax += taken.tax
        invoice.recoverables += taken.recoverables
        invoice.receivable -= taken.booked["accounts_receivable"]
        self.post(day, **{account: -amount for account, amount in taken.booked.items()})

    def terminate(self, day: date, event: Case) -> None:
        """Service ends and nothing is returned: what is left is earned."""
        for line in self.invoices[event["invoice"]].lines:
            line.divide(day)
            left = line.unearned(day)
            line.respread(day, 0)
            line.pieces.append(Piece(day, day, left))


def service_of(given: Case, day: date) -> tuple[date, date]:
    """The days of service; without any, the day it is dated."""
    if "service_start" not in given:
        return day, day + timedelta(days=1)
    since = date.fromisoformat(given["service_start"])
    if "service_end_inclusive" in given:
        return since, date.fromisoformat(given["service_end_inclusive"]) + timedelta(days=1)
    return since, date.fromisoformat(given["service_end"])


def movements_of(inputs: Case) -> Movements:
    """Movements of a case of the model ``subledger``."""
    made = Subledger(inputs.get("late_billing", "catch_up")).run(inputs["events"])
    return {month: accounts for month, accounts in made.items() if month <= inputs.get("through", "9999-12")}
