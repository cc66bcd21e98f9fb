"""The catalogue: reviewed YAML files, validated entry by entry with file, line and remedy.

A file is one list under the object's name. Amounts and quantities are texts in quotation marks: YAML would make
29.10 a float, and a float is no amount. Anchors are refused (an entry must be readable alone), repeated keys too.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from ingestion.currencies import exponents
from ingestion.formats import catalogue_rules, strict_json
from ingestion.formats.lines import BOM
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused, Record, Reject, readable
from ingestion.timestamps import day

MAX_BYTES = 16 << 20
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,62}")
AMOUNT = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?")
TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
NULL, TEXT, INTEGER, DATE, YES_NO = (
    f"tag:yaml.org,2002:{name}" for name in ("null", "str", "int", "timestamp", "bool")
)
KINDS = {
    "tag:yaml.org,2002:float": "a float",
    YES_NO: "a yes/no",
    INTEGER: "a number",
    DATE: "a date",
    NULL: "null",
}
MOST_DECIMALS = 9
CLOSE_SPELLING = 0.8

Check = Callable[[yaml.Node], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of an entry: how its value is read, and whether it must be there (null counts as not there)."""

    check: Check
    required: bool = True


class _Wrong(Exception):
    def __init__(self, node: yaml.Node, detail: str) -> None:
        super().__init__(detail)
        self.line_no = node.start_mark.line + 1
        self.detail = detail


def read(source: Source, object_name: str) -> Iterator[Record | Reject]:
    """Every entry of the list. Raises FileRefused ``format`` when the file is no YAML list under ``object_name``."""
    content = source.whole(MAX_BYTES).removeprefix(BOM)
    try:
        text = content.decode("utf-8")
        root = yaml.compose(text, Loader=_NoAliases)
    except UnicodeDecodeError as error:
        raise FileRefused(
            "encoding", f"{source.label} is no UTF-8 at byte {error.start + 1}; write it as UTF-8"
        ) from error
    except yaml.YAMLError as error:
        raise FileRefused("format", f"{source.label}: {_where(error)}") from error
    except RecursionError as error:
        raise FileRefused("format", f"{source.label} is nested too deep") from error
    lines = text.splitlines()
    entries = _entries(source, root, object_name)
    place = 0
    seen: dict[tuple[str, str], int] = {}
    for entry in entries:
        start = entry.start_mark.line + 1
        place = max(place + 1, start)
        raw = readable("\n".join(lines[start - 1 : max(entry.end_mark.line, start)]))
        try:
            fields = _mapping(entry, SHAPES[object_name])
            _rules(object_name, entry, fields, seen)
        except _Wrong as wrong:
            yield Reject(place, "catalogue", f"{source.at(wrong.line_no)}: {wrong.detail}", raw)
            continue
        yield Record(place, fields, strict_json.dump(fields))


class _NoAliases(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "write the value out instead of *alias", event.start_mark)
        return super().compose_node(parent, index)


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else str(problem)


def _entries(source: Source, root: yaml.Node | None, object_name: str) -> list[yaml.Node]:
    remedy = f"the file is one list under the key {object_name}:"
    if not isinstance(root, yaml.MappingNode):
        raise FileRefused("format", f"{source.label}: {remedy}")
    for key, value in root.value:
        if key.value == object_name and isinstance(value, yaml.SequenceNode) and len(root.value) == 1:
            return list(value.value)
        if key.value == object_name and value.tag == NULL:
            return []
        raise FileRefused("format", f"{source.at(key.start_mark.line + 1)}: unexpected {key.value!r}; {remedy}")
    raise FileRefused("format", f"{source.label} is empty; {remedy}")


def _mapping(node: yaml.Node, shape: dict[str, Field]) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise _Wrong(node, "an entry is a set of `key: value`")
    found: dict[str, Any] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in found:
            raise _Wrong(key, f"{name!r} stands twice in one entry; remove one")
        field = shape.get(name)
        if field is None:
            near = difflib.get_close_matches(name, shape, n=1, cutoff=CLOSE_SPELLING)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(shape))}"
            raise _Wrong(key, f"unknown key {name!r}{hint}")
        if value.tag == NULL and isinstance(value, yaml.ScalarNode):
            if field.required:
                raise _Wrong(value, f"{name!r} may not be null")
            found[name] = None
            continue
        try:
            found[name] = field.check(value)
        except BadRecord as bad:
            raise _Wrong(value, f"{name!r}: {bad.detail}") from bad
    missing = [name for name, field in shape.items() if field.required and name not in found]
    if missing:
        raise _Wrong(node, f"{missing[0]!r} is missing; add it to this entry")
    return found


def _rules(object_name: str, entry: yaml.Node, fields: dict[str, Any], seen: dict[tuple[str, str], int]) -> None:
    """What no single value shows, of this entry and of the entries before it."""
    for problem in catalogue_rules.problems(object_name, fields):
        raise _Wrong(entry, problem)
    if object_name == "meters":
        taken = seen.setdefault(("event_type", fields["event_type"]), entry.start_mark.line + 1)
        if taken != entry.start_mark.line + 1:
            raise _Wrong(entry, f"event_type {fields['event_type']!r} already belongs to the meter in line {taken}")


def _scalar(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise BadRecord("catalogue", "a single value is expected here")
    return str(node.value)


def _text(node: yaml.Node) -> str:
    value = _scalar(node)
    if node.tag != TEXT:
        raise BadRecord("catalogue", f'YAML reads {value} as {KINDS.get(node.tag, "something else")}; write "{value}"')
    if not value.strip() or any(ord(character) < ord(" ") for character in value):
        raise BadRecord("catalogue", "the text is empty or holds control characters")
    strict_json.check_text(value)
    return value


def _code(node: yaml.Node) -> str:
    value = _text(node)
    if not CODE.fullmatch(value):
        raise BadRecord("catalogue", f"{value!r} is no code: ASCII letters, digits and _ . : - only, at most 63")
    return value


def _amount(node: yaml.Node) -> str:
    value = _scalar(node)
    if node.tag != TEXT:
        raise BadRecord(
            "catalogue", f'an amount is a text; write "{value}" in quotation marks, not {KINDS.get(node.tag)}'
        )
    if not AMOUNT.fullmatch(value):
        raise BadRecord("catalogue", f'{value!r} is no plain decimal such as "29.00"')
    return value


def _integer(node: yaml.Node) -> int:
    value = _scalar(node)
    if node.tag != INTEGER or not re.fullmatch(r"[0-9]{1,9}", value):
        raise BadRecord("catalogue", f"{value!r} is no whole number")
    return int(value)


def _positive(node: yaml.Node) -> int:
    value = _integer(node)
    if value == 0:
        raise BadRecord("catalogue", "a number of at least 1 is expected here")
    return value


def _digits(node: yaml.Node) -> int:
    value = _scalar(node)
    if node.tag != INTEGER or not re.fullmatch(r"-?[0-9]{1,2}", value):
        raise BadRecord("catalogue", f"{value!r} is no number of decimals; write a whole number such as 2 (or -3)")
    return int(value)


def _quantity_decimals(node: yaml.Node) -> int:
    value = _integer(node)
    if value > MOST_DECIMALS:
        raise BadRecord("catalogue", f"a quantity has at most {MOST_DECIMALS} decimals")
    return value


def _flag(node: yaml.Node) -> bool:
    value = _scalar(node)
    if node.tag != YES_NO or value not in {"true", "false"}:
        raise BadRecord("catalogue", f"{value!r} is neither true nor false")
    return value == "true"


def _time_of_day(node: yaml.Node) -> str:
    value = _scalar(node)
    if node.tag != TEXT or not TIME_OF_DAY.fullmatch(value):
        raise BadRecord("catalogue", f'{value!r} is no time of day; write it in quotation marks, such as "22:00"')
    return value


def _denominator(node: yaml.Node) -> str:
    value = _text(node)
    if value != "period" and not re.fullmatch(r"[1-9][0-9]{0,9}", value):
        raise BadRecord("catalogue", f'{value!r} is neither period nor a number of seconds such as "2592000"')
    return value


def _date(node: yaml.Node) -> str:
    value = _scalar(node)
    try:
        return day(value).isoformat()
    except BadRecord as bad:
        raise BadRecord("catalogue", f"{value!r} is no day such as {date(2026, 1, 1).isoformat()}") from bad


def _currency(node: yaml.Node) -> str:
    value = _text(node)
    if value not in exponents():
        raise BadRecord("catalogue", f"{value!r} is no currency; write the ISO 4217 code in lower case, such as usd")
    return value


def _one_of(*choices: str) -> Check:
    def check(node: yaml.Node) -> str:
        value = _text(node)
        if value not in choices:
            raise BadRecord("catalogue", f"{value!r} is none of {', '.join(choices)}")
        return value

    return check


def _list_of(check: Check) -> Check:
    def checked(node: yaml.Node) -> list[Any]:
        if not isinstance(node, yaml.SequenceNode):
            raise BadRecord("catalogue", "a list is expected here")
        return [check(inner) for inner in node.value]

    return checked


def _entry(shape: dict[str, Field]) -> Check:
    return lambda node: _mapping(node, shape)


def _optional(check: Check) -> Field:
    return Field(check, required=False)


VALID = {"valid_from": Field(_date), "valid_to": _optional(_date)}
ROUNDING_MODE = _one_of("half_up", "half_even", "half_down", "up", "down", "ceil", "floor")
UNIT_AMOUNT = {"value": Field(_text), "unit_amount": Field(_amount)}
TIER = {
    "up_to": _optional(_amount),
    "unit_amount": _optional(_amount),
    "flat_amount": _optional(_amount),
    "rate_pct": _optional(_amount),
    "cap_amount": _optional(_amount),
    "block_size": _optional(_amount),
    "max_blocks": _optional(_amount),
}
FILTER = {"field": Field(_code), "values": Field(_list_of(_text))}
COMMITMENT = {
    "type": Field(_one_of("amount", "quantity")),
    "value": Field(_amount),
    "overage_factor": _optional(_amount),
    "true_up": _optional(_flag),
}
CONVERSION = {
    "operation": Field(_one_of("multiply", "divide")),
    "factor": Field(_amount),
    "rounding_mode": _optional(ROUNDING_MODE),
    "precision": _optional(_digits),
}
FEATURE = {"feature_code": Field(_code), "quantity": _optional(_amount)}
SHAPES: dict[str, dict[str, Field]] = {
    "meters": {
        "meter_code": Field(_code),
        "event_type": Field(_code),
        "name": _optional(_text),
        "unit": _optional(_text),
        "aggregation": Field(
            _one_of(
                "sum",
                "count",
                "max",
                "min",
                "avg",
                "unique",
                "unique_add_remove",
                "latest",
                "weighted_sum",
                "sum_of_bucket_max",
                "prorated_sum",
                "prorated_unique_days",
            )
        ),
        "quantity_field": _optional(_code),
        "minimum_quantity": _optional(_amount),
        "maximum_quantity": _optional(_amount),
        "quantity_decimals": _optional(_quantity_decimals),
        "dimensions": _optional(_list_of(_code)),
        "key_field": _optional(_code),
        "operation_field": _optional(_code),
        "multiplier": _optional(_amount),
        "bucket_minutes": _optional(_positive),
        "rounding_digits": _optional(_digits),
        "rounding_mode": _optional(ROUNDING_MODE),
        "filters": _optional(_list_of(_entry(FILTER))),
        "group_by": _optional(_list_of(_code)),
        "window_start": _optional(_time_of_day),
        "window_end": _optional(_time_of_day),
        "initial_value": _optional(_amount),
        "carries_over": _optional(_flag),
        "stripe_meter_id": _optional(_code),
    },
    "plans": {
        "plan_code": Field(_code),
        "name": _optional(_text),
        "product_code": _optional(_code),
        **VALID,
        "features": _optional(_list_of(_entry(FEATURE))),
    },
    "prices": {
        "price_code": Field(_code),
        "name": _optional(_text),
        "product_code": _optional(_code),
        "plan_code": _optional(_code),
        "version": _optional(_integer),
        "kind": Field(_one_of("recurring", "usage")),
        "meter_code": _optional(_code),
        "charge_model": Field(
            _one_of(
                "flat",
                "per_unit",
                "graduated",
                "volume",
                "package",
                "percentage",
                "graduated_percentage",
                "dynamic",
                "matrix",
                "blocks",
            )
        ),
        "billing_timing": Field(_one_of("in_advance", "in_arrears")),
        "currency": Field(_currency),
        "interval": Field(_one_of("day", "week", "month", "quarter", "semiannual", "year")),
        "interval_count": _optional(_integer),
        "unit_amount": _optional(_amount),
        "package_size": _optional(_amount),
        "included_quantity": _optional(_amount),
        "tiers": _optional(_list_of(_entry(TIER))),
        "zero_usage": _optional(_one_of("none", "first_flat")),
        "partial_package": _optional(_one_of("up", "down")),
        "block_mode": _optional(_one_of("all_tiers", "top_tier")),
        "rate_pct": _optional(_amount),
        "fixed_amount": _optional(_amount),
        "free_transactions": _optional(_integer),
        "free_amount": _optional(_amount),
        "minimum_per_transaction": _optional(_amount),
        "maximum_per_transaction": _optional(_amount),
        "dimension": _optional(_code),
        "unit_amounts": _optional(_list_of(_entry(UNIT_AMOUNT))),
        "price_per": _optional(_one_of("period", "day", "hour")),
        "conversion": _optional(_entry(CONVERSION)),
        "minimum_amount": _optional(_amount),
        "maximum_amount": _optional(_amount),
        "commitment": _optional(_entry(COMMITMENT)),
        "tax_code": _optional(_code),
        "revenue_account": _optional(_code),
        "stripe_price_id": _optional(_code),
        "erp_item_id": _optional(_code),
        "crm_product_code": _optional(_code),
        **VALID,
    },
    "conventions": {
        "billing_system": Field(_code),
        "valid_from": Field(_date),
        "valid_to": _optional(_date),
        "proration_unit": Field(_one_of("second", "day")),
        "fixed_month_days": _optional(_positive),
        "change_day": _optional(_one_of("new_plan", "old_plan")),
        "rounding_mode": Field(ROUNDING_MODE),
        "tax_rounding": Field(_one_of("per_line", "per_rate", "per_invoice")),
        "discount_order": Field(_one_of("percent_then_fixed", "as_given")),
        "discount_allocation": _optional(_one_of("largest_remainder", "exact")),
        "percent_rounding": _optional(_one_of("per_line", "per_invoice")),
        "minimum_basis": _optional(_one_of("before_discounts", "after_discounts")),
        "credit_timing": _optional(_one_of("before_tax", "after_tax")),
        "zero_usage": _optional(_one_of("none", "first_flat")),
        "tier_select": _optional(_one_of("exact", "ceil")),
        "usage_window": Field(_one_of("local_day")),
        "dedup_key": _optional(_one_of("source_and_id", "id")),
        "weighted_sum_denominator": _optional(_denominator),
        "late_usage_mode": _optional(_one_of("next_invoice", "none")),
        "usage_grace_hours": Field(_integer),
        "payment_grace_days": Field(_integer),
        "due_days": Field(_integer),
    },
    "policies": {
        "policy": Field(_code),
        "value": Field(_text),
        "valid_from": Field(_date),
        "valid_to": _optional(_date),
    },
}
