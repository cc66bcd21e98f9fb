"""What a case of revenue comes to, in exact fractions: a second opinion for tests, written from the rules of the cases.

It shares no line with the SQL and goes event by event, day by day or unit by unit where the SQL works on whole sets.
Every function takes the inputs of a case and gives its outputs. Amounts are whole minor units.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

Inputs = dict[str, Any]
Outputs = dict[str, Any]
Movements = dict[str, dict[str, int]]
Piece = tuple[date, date, int]

EXPONENTS = {"JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3}


def spread(total: int, weights: Sequence[Fraction | int], unit: int = 1) -> list[int]:
    """The largest remainder: floors of the magnitudes, then one unit at a time, the earliest first among equals."""
    size, whole = abs(total), sum(weights, Fraction(0))
    shares = [Fraction(size) * weight / whole for weight in weights]
    parts = [int(share // unit) * unit for share in shares]
    order = sorted(range(len(shares)), key=lambda place: (parts[place] - shares[place], place))
    for place in order:
        step = min(unit, size - sum(parts))
        parts[place] += step
    return [part if total >= 0 else -part for part in parts]


def month_of(day: date) -> str:
    """The month of a day, as the cases write it."""
    return f"{day:%Y-%m}"


def next_month(month: str) -> str:
    """The month after it."""
    return month_of(date.fromisoformat(f"{month}-01") + timedelta(days=31))


class Book:
    """Movements by month and account; what is zero is left out in the end."""

    def __init__(self) -> None:
        """Start empty."""
        self._sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))

    def post(self, month: str, **amounts: int) -> None:
        """Add amounts by account, debit positive; they balance."""
        assert sum(amounts.values()) == 0, amounts
        for account, amount in amounts.items():
            self._sums[month][account] += amount

    def outputs(self, through: str = "9999-12") -> Outputs:
        """The outputs of a case."""
        kept = {
            month: {account: amount for account, amount in accounts.items() if amount}
            for month, accounts in self._sums.items()
            if month <= through
        }
        return {"movements": {month: accounts for month, accounts in kept.items() if accounts}}


def instant(text: str) -> datetime:
    """An instant of a case."""
    return datetime.fromisoformat(text).astimezone(UTC)


def seconds_by_month(start: datetime, end: datetime) -> dict[str, Fraction]:
    """Seconds of [start, end) in each month."""
    cuts = [start]
    while cuts[-1] < end:
        first = cuts[-1].replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        cuts.append(min(end, (first + timedelta(days=32)).replace(day=1)))
    return {
        month_of(begin.date()): Fraction((until - begin) // timedelta(microseconds=1), 10**6)
        for begin, until in pairwise(cuts)
    }


def days_by_month(start: date, end: date) -> dict[str, int]:
    """Days of [start, end) in each month."""
    counted: dict[str, int] = defaultdict(int)
    for place in range((end - start).days):
        counted[month_of(start + timedelta(days=place))] += 1
    return dict(counted)


def _split(total: int, weights: Sequence[Fraction | int], rounding: str) -> list[int]:
    if rounding == "largest_remainder":
        return spread(total, weights)
    whole = sum(weights, Fraction(0))
    parts = [int(abs(total) * weight / whole) for weight in weights]
    parts[-1] += abs(total) - sum(parts)
    return [part if total >= 0 else -part for part in parts]


def granularity(inputs: Inputs) -> Outputs:
    """`granularity`."""
    amount, rounding = inputs["amount"], inputs["rounding"]
    start, end = instant(inputs["service_start"]), instant(inputs["service_end"])
    months: dict[str, int]
    match inputs["method"]:
        case "daily":
            days = days_by_month(start.date(), end.date())
            months = dict(zip(days, _split(amount, list(days.values()), rounding), strict=True))
        case "instant":
            seconds = seconds_by_month(start, end)
            months = dict(zip(seconds, _split(amount, list(seconds.values()), rounding), strict=True))
        case "monthly_even":
            apart = (end.year - start.year) * 12 + end.month - start.month
            names = [month_of(start.date())]
            while len(names) < (inputs.get("term_months") or max(apart, 1)):
                names.append(next_month(names[-1]))
            months = dict(zip(names, _split(amount, [1] * len(names), rounding), strict=True))
        case _:
            months = _prorated_ends(amount, rounding, seconds_by_month(start, end))
    book = Book()
    book.post(inputs["paid_on"][:7], cash=amount, deferred_revenue=-amount)
    for month, part in months.items():
        book.post(month, deferred_revenue=part, revenue=-part)
    return book.outputs()


def _prorated_ends(amount: int, rounding: str, seconds: dict[str, Fraction]) -> dict[str, int]:
    names, whole = list(seconds), sum(seconds.values(), Fraction(0))
    if len(names) == 1:
        return {names[0]: amount}
    first = round(amount * seconds[names[0]] / whole)
    if len(names) == 2:
        return {names[0]: first, names[1]: amount - first}
    last = round(amount * seconds[names[-1]] / whole)
    between = _split(amount - first - last, [1] * (len(names) - 2), rounding)
    return dict(zip(names, [first, *between, last], strict=True))


def in_functional(amount: int, rate: str, inputs: Inputs) -> int:
    """Functional minor units, half to even."""
    shift = EXPONENTS.get(inputs["functional"], 2) - EXPONENTS.get(inputs["currency"], 2)
    return round(amount * Fraction(rate) * Fraction(10) ** shift)


class ForeignInvoice:
    """One invoice in a foreign currency, event after event."""

    def __init__(self, inputs: Inputs, event: Inputs, book: Book) -> None:
        """Book the invoice and plan what it earns."""
        self.inputs, self.event, self.book = inputs, event, book
        self.total = in_functional(event["amount"], event["rate"], inputs)
        day = date.fromisoformat(event["date"])
        book.post(month_of(day), accounts_receivable=self.total, deferred_revenue=-self.total)
        self.pieces: list[Piece] = [(day, day, self.total)]
        if "service_start" in event:
            start, end = date.fromisoformat(event["service_start"]), date.fromisoformat(event["service_end"])
            self.pieces = self._over_days(self.total, start, end)
        self.done = {"payment": 0, "refund": 0}
        self.done_functional = {"payment": 0, "refund": 0}
        self.contra = 0
        self.relieved: list[tuple[str, int, int]] = []

    @staticmethod
    def _over_days(amount: int, start: date, end: date) -> list[Piece]:
        days = days_by_month(start, end)
        pieces, begin = [], start
        for count, part in zip(days.values(), spread(amount, list(days.values())), strict=True):
            pieces.append((begin, begin + timedelta(days=count), part))
            begin += timedelta(days=count)
        return pieces

    def _at_invoice_rate(self, kind: str, amount: int) -> int:
        self.done[kind] += amount
        whole = self.total
        if self.done[kind] != self.event["amount"]:
            whole = in_functional(self.done[kind], self.event["rate"], self.inputs)
        change = whole - self.done_functional[kind]
        self.done_functional[kind] = whole
        return change

    def pay(self, event: Inputs) -> None:
        """A payment: what it settles leaves receivables at the invoice's rate."""
        settled = self._at_invoice_rate("payment", event["amount"])
        cash = in_functional(event["amount"], event["rate"], self.inputs)
        self.relieved.append((event["date"][:7], event["amount"], settled))
        self.book.post(event["date"][:7], cash=cash, accounts_receivable=-settled, fx_realized=settled - cash)

    def refund(self, event: Inputs) -> None:
        """A refund: taken of what is earned and what is not, at the invoice's rate."""
        taken = self._at_invoice_rate("refund", event["amount"])
        cash = in_functional(event["amount"], event["rate"], self.inputs)
        day = date.fromisoformat(event["date"])
        before: list[Piece] = []
        left: list[tuple[date, date]] = []
        unearned = 0
        for start, end, amount in self.pieces:
            if end <= day:
                before.append((start, end, amount))
                continue
            earned = round(Fraction(amount * (day - start).days, (end - start).days)) if start < day else 0
            if start < day:
                before.append((start, day, earned))
            left.append((max(start, day), end))
            unearned += amount - earned
        earned = sum(amount for _, _, amount in before) - self.contra
        contra = round(Fraction(taken * earned, earned + unearned)) if earned + unearned else 0
        self.contra += contra
        unearned -= taken - contra
        again = spread(unearned, [(end - start).days for start, end in left]) if left else []
        self.pieces = before + [(*days, part) for days, part in zip(left, again, strict=True)]
        self.book.post(
            month_of(day), cash=-cash, refunds=contra, deferred_revenue=taken - contra, fx_realized=cash - taken
        )

    def remeasure(self, month: str, rate: str) -> None:
        """What is open at the month's end, at its rate, and back on the first of the next."""
        if month < self.event["date"][:7]:
            return
        paid = [one for one in self.relieved if one[0] <= month]
        opened = self.event["amount"] - sum(amount for _, amount, _ in paid)
        carried = self.total - sum(settled for _, _, settled in paid)
        gain = in_functional(opened, rate, self.inputs) - carried
        self.book.post(month, accounts_receivable=gain, fx_unrealized=-gain)
        self.book.post(next_month(month), accounts_receivable=-gain, fx_unrealized=gain)

    def earn(self) -> None:
        """The plan that is left."""
        for start, _, amount in self.pieces:
            self.book.post(month_of(start), deferred_revenue=amount, revenue=-amount)


def fx(inputs: Inputs) -> Outputs:
    """`fx`, of one invoice with payments and refunds."""
    book = Book()
    invoice, *events = sorted(inputs["events"], key=lambda event: (event["date"], event["type"] != "invoice"))
    foreign = ForeignInvoice(inputs, invoice, book)
    for event in events:
        (foreign.pay if event["type"] == "payment" else foreign.refund)(event)
    for month, rate in inputs.get("month_end_rates", {}).items():
        foreign.remeasure(month, rate)
    foreign.earn()
    return book.outputs(inputs.get("through", "9999-12"))


def allocation(inputs: Inputs) -> Outputs:
    """`allocation`."""
    prices = {one["id"]: one["ssp"] for one in inputs["obligations"]}
    step, group, residual = inputs.get("round_to", 1), inputs.get("discount_group"), inputs.get("residual")
    if group is None and residual is None:
        return {"allocation": dict(zip(prices, spread(inputs["price"], list(prices.values()), step), strict=True))}
    shares = {name: price for name, price in prices.items() if name != residual}
    if group is not None:
        names = [name for name in shares if name in group["ids"]]
        parts = spread(group["bundle_price"], [shares[name] for name in names], step)
        shares |= dict(zip(names, parts, strict=True))
    if residual is not None:
        shares[residual] = inputs["price"] - sum(shares.values())
    return {"allocation": shares}


def redemption(inputs: Inputs) -> Outputs:
    """`redemption`."""
    allocated, step, before, periods = inputs["allocated"], inputs.get("round_to", 1), 0, []
    for period in inputs["periods"]:
        redeemed, expected = period["redeemed_to_date"], period["expected_total"]
        to_date = allocated
        if redeemed < expected:
            to_date = min(round(Fraction(allocated * redeemed, expected * step)) * step, allocated)
        periods.append({"period": period["period"], "revenue": to_date - before, "liability": allocated - to_date})
        before = to_date
    return {"periods": periods}


def modification(inputs: Inputs) -> Outputs:
    """`modification`."""
    agreed = spread(inputs["original"]["price"], [1] * inputs["original"]["periods"])
    change = inputs["modification"]
    after = change["after_periods"]
    match change["treatment"]:
        case "separate_contract":
            added = [0] * after + spread(change["added_price"], [1] * change["added_periods"])
            length = max(len(agreed), len(added))
            agreed += [0] * (length - len(agreed))
            added += [0] * (length - len(added))
            earned = [first + second for first, second in zip(agreed, added, strict=True)]
        case "prospective":
            earned = agreed[:after] + spread(change["remaining_price"], [1] * change["remaining_periods"])
        case _:
            changed = spread(change["total_price"], [1] * change["total_periods"])
            caught_up = sum(changed[: after + 1]) - sum(agreed[:after])
            earned = [*agreed[:after], caught_up, *changed[after + 1 :]]
    return {"revenue_by_period": earned}


def unit_modification(inputs: Inputs) -> Outputs:
    """`unit_modification`."""
    units, price, delivered = inputs["units"], inputs["unit_price"], inputs["delivered"]
    added, added_price = inputs["added_units"], inputs["added_price"]
    total = units * price + added * added_price
    if inputs["treatment"] == "separate_contract":
        unit, unit_added, caught_up = price, added_price, 0
    elif inputs["treatment"] == "prospective":
        unit = unit_added = round(Fraction(total - delivered * price, units - delivered + added))
        caught_up = 0
    else:
        unit = unit_added = round(Fraction(total, units + added))
        caught_up = round(Fraction(total * delivered, units + added)) - delivered * price
    return {
        "remaining_original_unit": unit,
        "added_unit": unit_added,
        "catch_up": caught_up,
        "remaining_total": total - delivered * price - caught_up,
        "revenue_total": total,
    }


def cost_to_cost(inputs: Inputs) -> Outputs:
    """`cost_to_cost`."""

    def earned(price: int, cost_total: int) -> int:
        share = min(Fraction(inputs["cost_to_date"], cost_total), Fraction(1))
        if inputs.get("percent_decimals") is not None:
            share = round(share, inputs["percent_decimals"])
        return round(price * share)

    before = earned(inputs["price"], inputs["cost_total"])
    after = earned(inputs.get("revised_price", inputs["price"]), inputs.get("revised_cost_total", inputs["cost_total"]))
    return {"revenue_to_date_before": before, "revenue_to_date_after": after, "catch_up": after - before}


def volume_price(inputs: Inputs) -> Outputs:
    """`volume_price`."""
    units, before, earned = 0, 0, []
    for quarter in inputs["quarters"]:
        units += quarter["units"]
        to_date = round(units * Fraction(quarter["unit_price"]))
        earned.append(to_date - before)
        before = to_date
    return {"revenue_by_period": earned}


def returns(inputs: Inputs) -> Outputs:
    """`returns`."""
    back = Fraction(inputs["expected_returned"])
    refunds, goods = round(back * inputs["unit_price"]), round(back * inputs["unit_cost"])
    return {
        "revenue": inputs["units"] * inputs["unit_price"] - refunds,
        "refund_liability": refunds,
        "cogs": inputs["units"] * inputs["unit_cost"] - goods,
        "right_to_recover_asset": goods,
    }


def financing(inputs: Inputs) -> Outputs:
    """`financing`."""
    revenue = round(inputs["advance"] * (1 + Fraction(inputs["annual_rate"])) ** inputs["years"])
    return {"revenue": revenue, "interest": revenue - inputs["advance"]}


class Lot:
    """Prepaid units of one purchase."""

    def __init__(self, event: Inputs) -> None:
        """As bought."""
        self.name, self.amount, self.expires = event["lot"], event["amount"], event.get("expires") or "9999-12-31"
        self.units = Fraction(event["paid_units"]) + Fraction(event.get("bonus_units", 0))
        self.expected = self.units * (1 - Fraction(event.get("expected_breakage", 0)))
        self.used = Fraction(0)
        self.plain = self.earned = 0

    def draw(self, units: Fraction) -> tuple[int, int]:
        """Revenue and breakage that a draw of so many units earns."""
        self.used += units
        plain = round(self.amount * self.used / self.units)
        earned = self.amount if self.used >= self.expected else round(self.amount * self.used / self.expected)
        added = plain - self.plain, (earned - plain) - (self.earned - self.plain)
        self.plain, self.earned = plain, earned
        return added


def prepaid_credits(inputs: Inputs) -> Outputs:
    """`prepaid_credits`."""
    book, lots = Book(), list[Lot]()
    for event in sorted(inputs["events"], key=lambda event: event["date"]):
        month = event["date"][:7]
        if event["type"] == "purchase":
            lots.append(Lot(event))
            book.post(month, cash=event["amount"], deferred_revenue=-event["amount"])
        elif event["type"] == "draw":
            wanted = Fraction(event["units"])
            for lot in sorted(lots, key=lambda lot: lot.expires):
                units = min(wanted, lot.units - lot.used) if lot.expires > event["date"] else Fraction(0)
                if units > 0:
                    plain, breakage = lot.draw(units)
                    book.post(month, deferred_revenue=plain + breakage, revenue=-plain, breakage_revenue=-breakage)
                    wanted -= units
        else:
            lot = next(lot for lot in lots if lot.name == event["lot"])
            book.post(month, deferred_revenue=lot.amount - lot.earned, breakage_revenue=lot.earned - lot.amount)
            lot.earned = lot.amount
    return book.outputs()


def ecl_allowance(inputs: Inputs) -> Outputs:
    """`ecl_allowance`."""
    as_of, aging = date.fromisoformat(inputs["as_of"]), {str(bound): 0 for bound, _ in inputs["buckets"]}
    for invoice in inputs["open_invoices"]:
        late = (as_of - date.fromisoformat(invoice["due"])).days
        below = [bound for bound, _ in inputs["buckets"] if bound < late]
        aging[str(max(below) if below else min(bound for bound, _ in inputs["buckets"]))] += invoice["open"]
    required = sum(round(Fraction(aging[str(bound)] * rate, 10**4)) for bound, rate in inputs["buckets"])
    return {
        "aging": aging,
        "required_allowance": required,
        "bad_debt_expense": required - (inputs["opening_allowance"] - inputs["write_offs"]),
    }


MODELS: dict[str, Callable[[Inputs], Outputs]] = {
    one.__name__: one
    for one in (
        granularity,
        fx,
        allocation,
        redemption,
        modification,
        unit_modification,
        cost_to_cost,
        volume_price,
        returns,
        financing,
        prepaid_credits,
        ecl_allowance,
    )
}


def outputs_of(inputs: Inputs) -> Outputs:
    """Outputs of a case of any model of MODELS."""
    return MODELS[inputs["model"]](inputs)
