"""What a price comes to, in exact fractions: a second opinion for tests, written from the rules of the operations.

It shares no line with the SQL. Every function takes the inputs of a case and gives its outputs; numbers are Fractions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any

Inputs = dict[str, Any]
Outputs = dict[str, Any]

HALF = Fraction(1, 2)


def rounded(value: Fraction, rounding: Inputs | None) -> Fraction:
    """The value rounded; without a rounding, itself."""
    if not rounding or rounding.get("mode") in {None, "none"}:
        return value
    scale = Fraction(10) ** int(rounding["digits"])
    size, sign = abs(value * scale), -1 if value < 0 else 1
    whole, rest = math.floor(size), size - math.floor(size)
    step = {
        "half_up": rest >= HALF,
        "half_down": rest > HALF,
        "half_even": rest > HALF or (rest == HALF and whole % 2 == 1),
        "up": rest > 0,
        "down": False,
        "ceil": rest > 0 and sign > 0,
        "floor": rest > 0 and sign < 0,
    }[rounding["mode"]]
    return sign * (whole + step) / scale


def number(inputs: Inputs, key: str, default: str | None = "0") -> Fraction | None:
    """A number of the inputs; null and absent give the default."""
    value = inputs.get(key)
    value = default if value is None else value
    return None if value is None else Fraction(value)


def amount_of(inputs: Inputs, key: str, default: str = "0") -> Fraction:
    """The same where there is always one."""
    found = number(inputs, key, default)
    assert found is not None
    return found


def bounds_of(tiers: Sequence[Inputs]) -> list[tuple[Fraction, Fraction | None]]:
    """(lower, upper] of every tier."""
    uppers = [number(tier, "up_to", None) for tier in tiers]
    lowers = [Fraction(0), *(upper for upper in uppers[:-1] if upper is not None)]
    return list(zip(lowers, uppers, strict=True))


def inside(start: Fraction, end: Fraction, lower: Fraction, upper: Fraction | None) -> Fraction:
    """Units of (start, end] in (lower, upper]."""
    return max(min(end, end if upper is None else upper) - max(start, lower), Fraction(0))


def tier_amounts(price: Inputs, quantity: Fraction, billed: Fraction) -> list[Fraction]:
    """What every tier of a graduated price adds."""
    amounts = []
    first_flat = price.get("zero_usage") == "first_flat"
    for (lower, upper), tier in zip(bounds_of(price["tiers"]), price["tiers"], strict=True):
        unit = amount_of(tier, "rate_pct") / 100 if "rate_pct" in tier else amount_of(tier, "unit_price")
        cap = number(tier, "cap", None)
        before = inside(Fraction(0), billed, lower, upper) * unit
        after = before + inside(billed, billed + quantity, lower, upper) * unit
        units = after - before if cap is None else min(after, cap) - min(before, cap)
        entered = billed == 0 and (quantity > 0 or first_flat) if lower == 0 else billed <= lower < billed + quantity
        amounts.append(rounded(units + entered * amount_of(tier, "flat_fee"), price.get("round_per_tier")))
    return amounts


def volume(price: Inputs, quantity: Fraction) -> Fraction:
    """The whole quantity at the price of one tier."""
    if quantity == 0 and price.get("zero_usage", "none") != "first_flat":
        return Fraction(0)
    chosen_by = number(price, "tier_quantity", None)
    if chosen_by is None:
        chosen_by = Fraction(math.ceil(quantity)) if price.get("tier_select") == "ceil" else quantity
    for (lower, upper), tier in zip(bounds_of(price["tiers"]), price["tiers"], strict=True):
        if (lower < chosen_by or lower == chosen_by == 0) and (upper is None or chosen_by <= upper):
            cap, units = number(tier, "cap", None), quantity * amount_of(tier, "unit_price")
            return (units if cap is None else min(units, cap)) + amount_of(tier, "flat_fee")
    return Fraction(0)


def packages(price: Inputs, quantity: Fraction) -> int:
    """Packages that a quantity needs."""
    count = (quantity - amount_of(price, "free_units")) / amount_of(price, "package_size")
    return max(math.floor(count) if price.get("partial") == "down" else math.ceil(count), 0)


def rate(inputs: Inputs) -> Outputs:
    """`rate`."""
    price, quantity, billed = inputs["price"], amount_of(inputs, "quantity"), amount_of(inputs, "pre_quantity")
    outputs: Outputs = {}
    match price["model"]:
        case "standard":
            amount = quantity * amount_of(price, "unit_price")
        case "dynamic":
            amount = quantity * amount_of(price, "multiplier")
        case "package":
            outputs["packages"] = Fraction(packages(price, billed + quantity) - packages(price, billed))
            amount = outputs["packages"] * amount_of(price, "package_price")
        case "volume":
            amount = volume(price, quantity)
        case _:
            outputs["tier_amounts"] = tier_amounts(price, quantity, billed)
            amount = sum(outputs["tier_amounts"], Fraction(0))
    return {**outputs, "amount": rounded(amount, price.get("round", inputs.get("round")))}


def buckets(inputs: Inputs) -> Outputs:
    """`buckets`."""
    amounts = [rate({**inputs, "quantity": bucket})["amount"] for bucket in inputs["buckets"]]
    return {"bucket_amounts": amounts, "amount": sum(amounts, Fraction(0))}


def line_sum(inputs: Inputs) -> Outputs:
    """`line_sum`."""
    exact = [amount_of(line, "quantity") * amount_of(line, "unit_price") for line in inputs["lines"]]
    lines = [rounded(amount, inputs.get("round")) for amount in exact]
    return {
        "line_amounts": lines,
        "round_then_sum": sum(lines, Fraction(0)),
        "sum_then_round": rounded(sum(exact, Fraction(0)), inputs.get("round")),
    }


def graduated_events_prorated(inputs: Inputs) -> Outputs:
    """`graduated_events_prorated`."""
    total, running, entered = Fraction(0), Fraction(0), set[int]()
    for event in inputs["events"]:
        full, prorated = amount_of(event, "full"), amount_of(event, "prorated")
        low, high = min(running, running + full), max(running, running + full)
        for tier_no, ((lower, upper), tier) in enumerate(zip(bounds_of(inputs["tiers"]), inputs["tiers"], strict=True)):
            units = inside(low, high, lower, upper)
            if units and full > 0:
                entered.add(tier_no)
            if units:
                total += units * prorated / abs(full) * amount_of(tier, "unit_price")
        running += full
    if running == 0 and inputs.get("zero_usage") == "first_flat":
        entered.add(0)
    total += sum(amount_of(inputs["tiers"][tier_no], "flat_fee") for tier_no in entered)
    return {"amount": rounded(Fraction(0) if running < 0 else total, inputs.get("round"))}


def ordered_dimension_tiers(inputs: Inputs) -> Outputs:
    """`ordered_dimension_tiers`."""
    running = total = Fraction(0)
    for event in inputs["events"]:
        end = running + amount_of(event, "quantity")
        for (lower, upper), tier in zip(bounds_of(inputs["tiers"]), inputs["tiers"], strict=True):
            price = Fraction(tier["unit_price_by_dimension"][event["dimension"]])
            total += inside(running, end, lower, upper) * price
        running = end
    return {"units": running, "amount": total}


def percentage(inputs: Inputs) -> Outputs:
    """`percentage`."""
    values = [Fraction(value) for value in inputs["transactions"]]
    rate_part, fixed = amount_of(inputs, "rate_pct") / 100, amount_of(inputs, "fixed_per_txn")
    free_count, free_value = number(inputs, "free_txns", None), number(inputs, "free_amount", None)
    least, most = number(inputs, "min_per_txn", None), number(inputs, "max_per_txn", None)
    free, used, left = 0, Fraction(0), Fraction(0)
    if free_count is not None or free_value is not None:
        for value in values:
            if free_count is not None and free >= free_count:
                break
            if free_value is not None and used + value > free_value:
                left, used = free_value - used, free_value
                break
            free, used = free + 1, used + value
    total = Fraction(0)
    for place, value in enumerate(values[free:]):
        amount = (value - (left if place == 0 else 0)) * rate_part + fixed
        amount = amount if most is None else min(amount, most)
        total += amount if least is None else max(amount, least)
    return {
        "amount": rounded(total, inputs.get("round")),
        "free_txns_used": Fraction(free),
        "free_amount_used": used,
    }


def _capacity(tiers: Sequence[Inputs], usage: dict[str, str]) -> Inputs:
    def holds(tier: Inputs) -> bool:
        limits = tier["limits"].items()
        return all(limit is None or Fraction(usage.get(unit, "0")) <= Fraction(limit) for unit, limit in limits)

    return next((tier for tier in tiers if holds(tier)), tiers[-1])


def blocks(inputs: Inputs) -> Outputs:
    """`blocks`."""
    tiers, counted, amount = inputs["tiers"], [], Fraction(0)
    if inputs["mode"] == "capacity":
        amount = amount_of(_capacity(tiers, inputs["usage"]), "price")
    else:
        for unit in dict.fromkeys(block["unit"] for tier in tiers for block in tier["blocks"]):
            left = Fraction(inputs["usage"].get(unit, "0"))
            whole = left
            own = [(no, block) for no, tier in enumerate(tiers, 1) for block in tier["blocks"] if block["unit"] == unit]
            for tier_no, block in own:
                size, most = amount_of(block, "size"), number(block, "max_blocks", None)
                is_last = tier_no == own[-1][0] or most is None
                if inputs["mode"] == "top_tier":
                    count = math.ceil(whole / size) if is_last or left <= size * (most or 0) else 0
                else:
                    count = math.ceil(max(left, Fraction(0)) / size)
                    count = count if is_last or most is None else min(count, int(most))
                if count:
                    counted.append([unit, Fraction(tier_no), Fraction(count)])
                    amount += count * amount_of(block, "price")
                if is_last or (inputs["mode"] == "top_tier" and count):
                    break
                left -= size * (most or 0)
    amount = rounded(amount, inputs.get("round"))
    return {"amount": amount, "delta": amount - amount_of(inputs, "already_billed"), "blocks": counted}


def convert(quantity: Fraction, conversion: Inputs | None) -> Fraction:
    """A quantity in another unit."""
    if not conversion:
        return quantity
    factor = Fraction(conversion["factor"])
    moved = quantity * factor if conversion["operation"] == "multiply" else quantity / factor
    return rounded(moved, {"digits": conversion.get("precision", 0), "mode": conversion.get("rounding")})


def convert_units(inputs: Inputs) -> Outputs:
    """`convert_units`."""
    return {"quantity": convert(amount_of(inputs, "quantity"), inputs)}


def bounds(inputs: Inputs) -> Outputs:
    """`bounds`."""
    amount, billed = amount_of(inputs, "amount"), amount_of(inputs, "previously_billed")
    least, most = number(inputs, "min", None), number(inputs, "max", None)
    discount = Fraction(0) if most is None else max(billed + amount - most, Fraction(0))
    raised = least is not None and inputs.get("last_line", True)
    top_up = max(least - billed - amount + discount, Fraction(0)) if raised and least is not None else Fraction(0)
    return {"amount": amount - discount + top_up, "max_discount": discount, "min_top_up": top_up}


def pipeline(inputs: Inputs) -> Outputs:
    """`pipeline`."""
    quantity = convert(amount_of(inputs, "quantity"), inputs.get("conversion"))
    billed = convert(amount_of(inputs, "pre_quantity"), inputs.get("conversion"))
    allowance = amount_of(inputs, "usage_discount")
    billable = max(quantity - max(allowance - billed, Fraction(0)), Fraction(0))
    priced = rate(
        {
            "price": inputs["price"],
            "quantity": str(billable),
            "pre_quantity": str(max(billed - allowance, Fraction(0))),
        }
    )["amount"]
    discount = rounded(priced * amount_of(inputs, "percent_discount") / 100, inputs.get("round"))
    amount = rounded(priced - discount, inputs.get("round"))
    return {
        "converted_quantity": quantity,
        "billable_quantity": billable,
        "percent_discount_amount": discount,
        **bounds({**inputs, "amount": str(amount)}),
    }


def minimum_true_up(inputs: Inputs) -> Outputs:
    """`minimum_true_up`."""
    active, whole = (Fraction(part) for part in inputs.get("prorate", ("1", "1")))
    minimum = rounded(amount_of(inputs, "minimum") * active / whole, inputs.get("round"))
    used = sum((rounded(Fraction(amount), inputs.get("round")) for amount in inputs["used"]), Fraction(0))
    return {"prorated_minimum": minimum, "true_up": max(minimum - used, Fraction(0))}


def commitment_overage(inputs: Inputs) -> Outputs:
    """`commitment_overage`."""
    utilized = overage = true_up = Fraction(0)
    for window in inputs["windows"]:
        cost = amount_of(window, "quantity") * amount_of(window, "unit_price")
        commitment = window.get("commitment")
        if not commitment:
            utilized += cost
            continue
        base = amount_of(commitment, "value")
        base *= amount_of(window, "unit_price") if commitment["type"] == "quantity" else 1
        base = max(base - amount_of(commitment, "prior_cost"), Fraction(0))
        utilized += min(cost, base)
        overage += (cost - min(cost, base)) * amount_of(commitment, "overage_factor", "1")
        true_up += base - min(cost, base) if commitment.get("true_up") else 0
    return {"total": utilized + overage + true_up, "utilized": utilized, "overage": overage, "true_up": true_up}


def rating_delta(inputs: Inputs) -> Outputs:
    """`rating_delta`."""
    totals, last = [], len(inputs["quantities"]) - 1
    for place, quantity in enumerate(inputs["quantities"]):
        amount = rate({**inputs, "quantity": quantity, "pre_quantity": "0"})["amount"]
        limits = {key: inputs.get(key) for key in ("min", "max")}
        totals.append(bounds({**limits, "amount": str(amount), "last_line": place == last})["amount"])
    deltas = [now - before for before, now in zip([Fraction(0), *totals], totals, strict=False)]
    return {"deltas": deltas, "net": sum(deltas, Fraction(0))}


def progressive(inputs: Inputs) -> Outputs:
    """`progressive`."""
    thresholds = [Fraction(threshold) for threshold in inputs["thresholds"]]
    recurring, last = number(inputs, "recurring", None), max(thresholds, default=Fraction(0))
    invoices, invoiced, before = [], Fraction(0), Fraction(0)
    usage = [Fraction(amount) for amount in inputs["usage"]]
    for now in accumulate(usage):
        passed = any(before < threshold <= now for threshold in thresholds)
        if recurring:
            passed |= max(now - last, 0) // recurring > max(before - last, 0) // recurring
        if passed:
            invoices.append(now - invoiced)
            invoiced = now
        before = now
    return {
        "invoices": invoices,
        "progressive_credit": invoiced,
        "final_invoice": sum(usage, Fraction(0)) + amount_of(inputs, "other_fees") - invoiced,
    }


def wallet_burn(inputs: Inputs) -> Outputs:
    """`wallet_burn`."""

    def place(wallet: Inputs) -> list[tuple[bool, Any]]:
        keys = []
        for key in inputs["order"]:
            value = wallet.get(key)
            keys.append((value is None, 0 if value is None else Fraction(value) if key == "priority" else value))
        return keys

    due, debits, balances = amount_of(inputs, "due"), {}, {}
    for wallet in sorted(inputs["wallets"], key=place):
        balance = amount_of(wallet, "balance")
        debit = max(min(balance, due), Fraction(0))
        due, balances[wallet["id"]] = due - debit, balance - debit
        if debit:
            debits[wallet["id"]] = debit
    return {"debits": debits, "due": due, "balances": balances}


OPERATIONS: dict[str, Callable[[Inputs], Outputs]] = {
    operation.__name__: operation
    for operation in (
        rate,
        buckets,
        line_sum,
        graduated_events_prorated,
        ordered_dimension_tiers,
        percentage,
        blocks,
        convert_units,
        bounds,
        pipeline,
        minimum_true_up,
        commitment_overage,
        rating_delta,
        progressive,
        wallet_burn,
    )
}


def as_json(value: Any) -> Any:
    """Outputs as a case file writes them: exact numbers as texts."""
    match value:
        case Fraction():
            return str(value)
        case list():
            return [as_json(item) for item in value]
        case dict():
            return {key: as_json(item) for key, item in value.items()}
        case _:
            return value


def agrees(found: Any, expected: Any, rounding: Inputs | None = None) -> bool:
    """Whether an output of the oracle is the one of a case; of objects all keys count."""
    match found:
        case Fraction():
            return rounded(found, rounding) == Fraction(str(expected))
        case list():
            return len(found) == len(expected) and all(map(agrees, found, expected))
        case dict():
            return found.keys() == expected.keys() and all(agrees(found[key], expected[key]) for key in found)
        case _:
            return bool(found == expected)
