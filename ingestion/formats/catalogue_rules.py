"""What no single value of a catalogue entry shows: fields that need, exclude or bound one another.

Every rule gives the sentence that the entry is set aside with: what is wrong, and what to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

Fields = dict[str, Any]
Rule = Callable[[Fields], Iterator[str]]

TIERED = frozenset({"graduated", "volume", "graduated_percentage"})
BY_EVENTS = frozenset({"percentage", "matrix"})
BY_PARTS = frozenset({"percentage", "matrix", "blocks"})
OVER_TIME = frozenset({"unique_add_remove", "prorated_unique_days"})
SUMS_OVER_TIME = frozenset({"weighted_sum", "prorated_sum"})
LEVELS = {"initial_value": SUMS_OVER_TIME, "carries_over": SUMS_OVER_TIME | OVER_TIME}
BOUNDS = ("minimum_quantity", "maximum_quantity", "quantity_decimals")
WITHOUT_QUANTITY = frozenset({"count", "unique"}) | OVER_TIME
PERCENTAGE_ONLY = (
    "fixed_amount",
    "free_transactions",
    "free_amount",
    "minimum_per_transaction",
    "maximum_per_transaction",
)
ONLY_WITH = {
    **dict.fromkeys(PERCENTAGE_ONLY, frozenset({"percentage"})),
    "rate_pct": frozenset({"percentage"}),
    "partial_package": frozenset({"package"}),
    "package_size": frozenset({"package"}),
    "unit_amounts": frozenset({"matrix"}),
    "dimension": frozenset({"matrix"}),
    "block_mode": frozenset({"blocks"}),
}
PRICED_BY = {
    "graduated_percentage": "rate_pct",
    "blocks": "block_size",
}


def problems(object_name: str, fields: Fields) -> Iterator[str]:
    """One sentence a rule that the entry breaks."""
    for rule in RULES.get(object_name, ()):
        yield from rule(fields)


def _interval(fields: Fields) -> Iterator[str]:
    start, end = fields.get("valid_from"), fields.get("valid_to")
    if start and end and end <= start:
        yield f"valid_to {end} is not after valid_from {start}; the end day is not part of the interval"


def _meter_quantity(fields: Fields) -> Iterator[str]:
    if fields["aggregation"] not in WITHOUT_QUANTITY and not fields.get("quantity_field"):
        yield "quantity_field is missing; only a meter with aggregation: count or unique does without"
    if fields["aggregation"] == "unique" and not fields.get("quantity_field") and not fields.get("key_field"):
        yield "aggregation unique needs key_field, the field whose distinct values count (or quantity_field)"
    if fields["aggregation"] in OVER_TIME:
        for needed in ("key_field", "operation_field"):
            if not fields.get(needed):
                yield f"aggregation {fields['aggregation']} needs {needed}"
    if fields["aggregation"] == "sum_of_bucket_max" and not fields.get("bucket_minutes"):
        yield "aggregation sum_of_bucket_max needs bucket_minutes, of at least 1"


def _meter_bounds(fields: Fields) -> Iterator[str]:
    declared = {name: fields[name] for name in BOUNDS if fields.get(name) is not None}
    if declared and (fields["aggregation"] == "count" or not fields.get("quantity_field")):
        yield f"{next(iter(declared))} is said of the quantity_field, which this meter does not read; remove it"
    bounds = [Decimal(declared[name]) for name in BOUNDS[:2] if name in declared]
    if len(bounds) == len(BOUNDS[:2]) and bounds[0] > bounds[1]:
        yield "minimum_quantity is above maximum_quantity, so the meter has no quantity"


def _meter_level(fields: Fields) -> Iterator[str]:
    """What a period starts with is asked of levels alone; a sum or a peak starts at nothing."""
    for name, aggregations in LEVELS.items():
        if fields.get(name) and fields["aggregation"] not in aggregations:
            yield f"{name} belongs to aggregation {', '.join(sorted(aggregations))}; remove it"


def _meter_fields(fields: Fields) -> Iterator[str]:
    """Only declared dimensions enter the warehouse: a field that is asked for later has to be one of them."""
    declared = set(fields.get("dimensions") or ())
    asked = [fields.get("key_field"), fields.get("operation_field"), *(fields.get("group_by") or ())]
    asked += [allowed["field"] for allowed in fields.get("filters") or ()]
    for name in asked:
        if name and name not in declared:
            yield f"{name!r} is not in dimensions, so no event keeps it; add it there"


def _meter_window(fields: Fields) -> Iterator[str]:
    start, end = fields.get("window_start"), fields.get("window_end")
    if (start is None) != (end is None):
        yield "window_start and window_end stand together"
    elif start is not None and start == end:
        yield "window_start equals window_end; leave both out for the whole day"
    if (fields.get("rounding_digits") is None) != (fields.get("rounding_mode") is None):
        yield "rounding_digits and rounding_mode stand together"


def _price_amount(fields: Fields) -> Iterator[str]:
    model = fields["charge_model"]
    if model in TIERED and not fields.get("tiers"):
        yield f"charge_model {model} needs tiers"
    if model == "blocks" and not fields.get("tiers"):
        yield "charge_model blocks needs tiers with block_size and unit_amount"
    if model == "percentage" and fields.get("rate_pct") is None:
        yield 'charge_model percentage needs rate_pct ("2.9" is 2.9 %)'
    if model == "matrix":
        if not fields.get("dimension"):
            yield "charge_model matrix needs dimension, the field of the event that the price depends on"
        if not fields.get("unit_amounts"):
            yield "charge_model matrix needs unit_amounts, one for each value of the dimension"
    if model not in TIERED | BY_PARTS and fields.get("unit_amount") is None:
        yield f"charge_model {model} needs unit_amount"


def _price_fields(fields: Fields) -> Iterator[str]:
    model = fields["charge_model"]
    if model == "package" and not fields.get("package_size"):
        yield "charge_model package needs package_size"
    for name, models in ONLY_WITH.items():
        if fields.get(name) is not None and model not in models:
            yield f"{name} belongs to charge_model {', '.join(sorted(models))}; remove it"
    if fields.get("package_size") is not None and Decimal(fields["package_size"]) <= 0:
        yield "package_size is not above zero"
    if fields["kind"] == "usage" and not fields.get("meter_code"):
        yield "a price of kind usage names its meter_code"
    if fields["kind"] != "usage" and (fields.get("price_per") or "period") != "period":
        yield "price_per day and hour are for prices of kind usage"
    if fields["kind"] != "usage" and model in {"percentage", "matrix"}:
        yield f"charge_model {model} is for prices of kind usage"


def _price_quantity(fields: Fields) -> Iterator[str]:
    model = fields["charge_model"]
    if model in BY_EVENTS:
        for name in ("conversion", "included_quantity"):
            if fields.get(name) is not None:
                yield f"{name} is for a quantity; charge_model {model} prices single events or values"
        if (fields.get("price_per") or "period") != "period":
            yield f"price_per is not for charge_model {model}"
        if fields.get("tiers"):
            yield f"charge_model {model} has no tiers; remove them"
    commitment = fields.get("commitment")
    if commitment and commitment["type"] == "quantity" and model not in {"flat", "per_unit", "dynamic"}:
        yield f"a commitment of a quantity needs one unit price, which charge_model {model} has not; commit an amount"


def _price_tiers(fields: Fields) -> Iterator[str]:
    tiers = fields.get("tiers") or []
    model = fields["charge_model"]
    if not tiers or model not in TIERED | BY_PARTS:
        return
    if model == "blocks":
        yield from _blocks(tiers)
        return
    bounds = [None if tier.get("up_to") is None else Decimal(tier["up_to"]) for tier in tiers]
    if bounds[-1] is not None or None in bounds[:-1]:
        yield "the last tier, and only it, has up_to: null"
    closed = [bound for bound in bounds if bound is not None]
    if closed != sorted(set(closed)) or (closed and closed[0] <= 0):
        yield "up_to must rise from tier to tier, from above zero"
    needed = PRICED_BY.get(model)
    if needed and any(tier.get(needed) is None for tier in tiers):
        yield f"every tier of charge_model {model} needs {needed}"


def _blocks(tiers: list[Fields]) -> Iterator[str]:
    for tier in tiers:
        if tier.get("block_size") is None or Decimal(tier["block_size"]) <= 0 or tier.get("unit_amount") is None:
            yield "every tier of charge_model blocks needs block_size above zero and unit_amount, the price of a block"
        if tier.get("up_to") is not None:
            yield "a tier of blocks ends after max_blocks blocks; write that in place of up_to"
    if any(tier.get("max_blocks") is None for tier in tiers[:-1]):
        yield "only the last tier of blocks may do without max_blocks"


def _price_bounds(fields: Fields) -> Iterator[str]:
    for low, high in (("minimum_amount", "maximum_amount"), ("minimum_per_transaction", "maximum_per_transaction")):
        least, most = fields.get(low), fields.get(high)
        if least is not None and most is not None and Decimal(least) > Decimal(most):
            yield f"{low} is above {high}"
    commitment = fields.get("commitment")
    if commitment and Decimal(commitment["value"]) < 0:
        yield "the value of a commitment is not below zero"
    conversion = fields.get("conversion")
    if conversion:
        if Decimal(conversion["factor"]) <= 0:
            yield "the factor of a conversion is above zero"
        if conversion.get("precision") is not None and conversion.get("rounding_mode") is None:
            yield "a conversion with precision needs rounding_mode"


RULES: dict[str, tuple[Rule, ...]] = {
    "meters": (_meter_quantity, _meter_bounds, _meter_level, _meter_fields, _meter_window),
    "plans": (_interval,),
    "prices": (_interval, _price_amount, _price_fields, _price_quantity, _price_tiers, _price_bounds),
    "conventions": (_interval,),
    "policies": (_interval,),
}
