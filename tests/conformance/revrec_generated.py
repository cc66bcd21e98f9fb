"""Generated cases of the models of revenue, the same for the same seed: facts within the rules, boundaries often."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

Inputs = dict[str, Any]

FIRST_DAY = date(2023, 1, 1)


class Drawn:
    """Draws of one case."""

    def __init__(self, seed: int) -> None:
        """The same draws for the same seed."""
        self.random = random.Random(seed)  # noqa: S311  draws cases, keeps no secret

    def likely(self, times: int, of: int) -> bool:
        """True so many times of so many."""
        return self.random.randrange(of) < times

    def whole(self, low: int, high: int) -> int:
        """A whole number, the ends often."""
        return self.one(low, high, *(self.random.randint(low, high) for _ in range(6)))

    def one(self, *choices: Any) -> Any:
        """One of these."""
        return self.random.choice(choices)

    def day(self, first: date = FIRST_DAY, days: int = 800) -> date:
        """A day, ends of months often."""
        drawn = first + timedelta(days=self.whole(0, days))
        return max(first, drawn.replace(day=1)) if self.likely(1, 3) else drawn

    def amount(self) -> int:
        """Minor units of either sign, small ones often."""
        return self.one(self.whole(-40, 40), self.whole(-(10**6), 10**6), self.whole(0, 10**12))

    def decimal(self, low: int, high: int, places: int) -> str:
        """A decimal number as text."""
        digits = f"{self.whole(low, high):0{places + 1}d}"
        return f"{digits[:-places]}.{digits[-places:]}"


def granularity(drawn: Drawn) -> Inputs:
    """Any span, from seconds to years."""
    start = datetime.combine(drawn.day(), datetime.min.time(), UTC)
    start += timedelta(seconds=drawn.one(0, 0, 43200, drawn.whole(0, 86399)))
    length = drawn.one(
        timedelta(days=drawn.whole(1, 900)), timedelta(seconds=drawn.whole(90000, 10**7)), timedelta(days=31)
    )
    return {
        "currency": "USD",
        "method": drawn.one("instant", "daily", "monthly_even", "monthly_even_ends_prorated"),
        "rounding": drawn.one("largest_remainder", "floor_remainder_last"),
        "amount": drawn.amount(),
        "paid_on": drawn.day().isoformat(),
        "service_start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "service_end": f"{start + length:%Y-%m-%dT%H:%M:%SZ}",
        **drawn.one({}, {"term_months": drawn.whole(1, 36)}),
    }


def fx(drawn: Drawn) -> Inputs:
    """One invoice, paid and refunded in parts, remeasured in some months."""
    day, amount = drawn.day(days=300), drawn.one(drawn.whole(1, 60), drawn.whole(1, 10**6))
    invoice = {"type": "invoice", "date": day.isoformat(), "amount": amount, "rate": drawn.decimal(1, 4 * 10**6, 6)}
    if drawn.likely(2, 3):
        start = day + timedelta(days=drawn.one(0, 0, drawn.whole(0, 60)))
        end = start + timedelta(days=drawn.whole(1, 400))
        invoice |= {"service_start": start.isoformat(), "service_end": end.isoformat()}
    events, left, paid_on = [invoice], amount, day
    for _ in range(drawn.whole(0, 4)):
        paid_on = drawn.day(paid_on, 90)
        part = drawn.one(left, drawn.whole(0, left))
        left -= part
        if part:
            rate = drawn.decimal(1, 4 * 10**6, 6)
            events.append({"type": "payment", "date": paid_on.isoformat(), "amount": part, "rate": rate})
    back = amount - left
    for _ in range(drawn.one(0, 1, 2)):
        paid_on = drawn.day(paid_on, 150)
        part = drawn.one(back, drawn.whole(0, back))
        back -= part
        if part:
            rate = drawn.decimal(1, 4 * 10**6, 6)
            events.append({"type": "refund", "date": paid_on.isoformat(), "amount": part, "rate": rate})
    months = {f"{drawn.day(day.replace(day=1), 200):%Y-%m}" for _ in range(drawn.whole(0, 4))}
    currency, functional = drawn.one(("EUR", "USD"), ("JPY", "USD"), ("KWD", "USD"), ("JPY", "KWD"), ("KWD", "JPY"))
    return {
        "currency": currency,
        "functional": functional,
        "events": events,
        "month_end_rates": {month: drawn.decimal(1, 4 * 10**6, 6) for month in sorted(months)},
        **drawn.one({}, {}, {"through": f"{drawn.day(day, 400):%Y-%m}"}),
    }


def allocation(drawn: Drawn) -> Inputs:
    """Obligations, perhaps with a group that is sold at a discount and one of unknown price."""
    names = [f"o{place}" for place in range(drawn.whole(1, 7))]
    obligations = [{"id": name, "ssp": drawn.one(1, drawn.whole(1, 10**5))} for name in names]
    inputs: Inputs = {
        "currency": "USD",
        "price": drawn.amount(),
        "obligations": obligations,
        **drawn.one({}, {"round_to": drawn.one(1, 10, 100)}),
    }
    if len(names) > 2 and drawn.likely(1, 2):
        group = names[1 : drawn.whole(2, len(names) - 1)]
        inputs["discount_group"] = {"ids": group, "bundle_price": drawn.whole(1, 10**5)}
    if len(names) > 1 and drawn.likely(1, 2):
        obligations[-1]["ssp"] = None
        inputs["residual"] = names[-1]
    return inputs


def redemption(drawn: Drawn) -> Inputs:
    """Redemptions that grow, under estimates that change."""
    redeemed, periods = 0, []
    for place in range(drawn.whole(1, 5)):
        redeemed += drawn.whole(0, 500)
        periods.append(
            {"period": f"P{place}", "redeemed_to_date": redeemed, "expected_total": max(1, drawn.whole(1, 1500))}
        )
    return {
        "currency": "USD",
        "allocated": drawn.whole(0, 10**6),
        "periods": periods,
        **drawn.one({}, {"round_to": 100}),
    }


def modification(drawn: Drawn) -> Inputs:
    """A change after any of the periods."""
    periods, treatment = drawn.whole(1, 24), drawn.one("separate_contract", "prospective", "cumulative_catch_up")
    names = {
        "separate_contract": ("added_price", "added_periods"),
        "prospective": ("remaining_price", "remaining_periods"),
        "cumulative_catch_up": ("total_price", "total_periods"),
    }[treatment]
    changed = dict(zip(names, (drawn.amount(), drawn.whole(1, 36)), strict=True))
    return {
        "currency": "USD",
        "original": {"price": drawn.amount(), "periods": periods},
        "modification": {"after_periods": drawn.whole(0, periods), "treatment": treatment, **changed},
    }


def unit_modification(drawn: Drawn) -> Inputs:
    """Units added to a contract that is partly delivered."""
    units = drawn.whole(1, 500)
    return {
        "currency": "USD",
        "units": units,
        "unit_price": drawn.whole(0, 10**5),
        "delivered": drawn.whole(0, units),
        "added_units": drawn.whole(1, 100),
        "added_price": drawn.whole(0, 10**5),
        "treatment": drawn.one("separate_contract", "prospective", "cumulative_catch_up"),
    }


def cost_to_cost(drawn: Drawn) -> Inputs:
    """Progress up to the end and over it, with and without a change."""
    return {
        "currency": "USD",
        "price": drawn.whole(0, 10**9),
        "cost_total": drawn.whole(1, 10**7),
        "cost_to_date": drawn.whole(0, 10**7),
        **drawn.one({}, {"percent_decimals": drawn.whole(0, 6)}),
        **drawn.one({}, {"revised_price": drawn.whole(0, 10**9), "revised_cost_total": drawn.whole(1, 10**7)}),
    }


def volume_price(drawn: Drawn) -> Inputs:
    """Units and prices that are expected."""
    return {
        "currency": "USD",
        "quarters": [
            {"units": drawn.whole(0, 500), "unit_price": drawn.one(drawn.whole(0, 10**4), drawn.decimal(0, 10**6, 2))}
            for _ in range(drawn.whole(1, 6))
        ],
    }


def returns(drawn: Drawn) -> Inputs:
    """Units that are expected back, fractions of one among them."""
    units = drawn.whole(1, 300)
    return {
        "currency": "USD",
        "units": units,
        "unit_price": drawn.whole(0, 10**5),
        "unit_cost": drawn.whole(0, 10**5),
        "expected_returned": drawn.one(drawn.whole(0, units), drawn.decimal(0, units * 10, 1)),
    }


def financing(drawn: Drawn) -> Inputs:
    """Advances over some years."""
    return {
        "currency": "USD",
        "advance": drawn.whole(0, 10**9),
        "annual_rate": drawn.decimal(0, 3000, 4),
        "years": drawn.whole(0, 12),
    }


def prepaid_credits(drawn: Drawn) -> Inputs:
    """Lots that overlap, drawn in parts, some with breakage that is expected, some released."""
    events: list[Inputs] = []
    for place in range(drawn.whole(1, 4)):
        bought_on = drawn.day(days=200)
        expires = bought_on + timedelta(days=drawn.whole(1, 300))
        events.append(
            {
                "type": "purchase",
                "date": bought_on.isoformat(),
                "lot": f"lot {place}",
                "amount": drawn.whole(0, 10**6),
                "paid_units": drawn.whole(1, 1000),
                "expires": expires.isoformat(),
                **drawn.one({}, {"bonus_units": drawn.whole(0, 200)}),
                **drawn.one({}, {"expected_breakage": drawn.one("0.1", "0.25", "0.333", "1")}),
            }
        )
        if drawn.likely(2, 3):
            released = expires + timedelta(days=drawn.one(0, 0, 40))
            events.append({"type": "expire", "date": released.isoformat(), "lot": f"lot {place}"})
    for _ in range(drawn.whole(0, 8)):
        units = drawn.one(drawn.whole(1, 600), drawn.decimal(1, 600, 1))
        events.append({"type": "draw", "date": drawn.day(days=500).isoformat(), "units": units})
    drawn.random.shuffle(events)
    return {"currency": "USD", "events": events}


def ecl_allowance(drawn: Drawn) -> Inputs:
    """Receivables around the bounds of buckets."""
    as_of = drawn.day()
    bounds = sorted({0, *(drawn.whole(1, 120) for _ in range(drawn.whole(0, 4)))})
    days = [0, -1, 1, *bounds, *(bound + 1 for bound in bounds)]
    return {
        "currency": "USD",
        "as_of": as_of.isoformat(),
        "opening_allowance": drawn.whole(0, 10**5),
        "write_offs": drawn.whole(0, 10**4),
        "buckets": [[bound, drawn.whole(0, 10000)] for bound in bounds],
        "open_invoices": [
            {
                "id": f"i{place}",
                "open": drawn.whole(-500, 10**6),
                "due": (as_of - timedelta(days=drawn.one(*days, drawn.whole(-30, 200)))).isoformat(),
            }
            for place in range(drawn.whole(0, 6))
        ],
    }


MODELS: dict[str, Callable[[Drawn], Inputs]] = {
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


def inputs_of(model: str, seed: int) -> Inputs:
    """Inputs of one case."""
    return {"model": model, **MODELS[model](Drawn(seed))}
