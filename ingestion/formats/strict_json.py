"""One JSON text, strictly: no NaN, no repeated keys, no NUL, no bottomless nesting, numbers exactly as written."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

from ingestion.records import BadRecord

MAX_DEPTH = 100
# No business number is larger, and Postgres' numeric holds it.
MAX_MAGNITUDE = 300
LONGEST_CLOSED_LINE = 2 * MAX_DEPTH


def parse(text: str) -> Any:
    """The value of ``text``; numbers with a fraction or exponent are Decimal. Raises BadRecord with the reason."""
    if len(text) > LONGEST_CLOSED_LINE and text.count("[") + text.count("{") > MAX_DEPTH and depth(text) > MAX_DEPTH:
        raise BadRecord("too_deep", f"JSON nested deeper than {MAX_DEPTH} levels")
    try:
        value = DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise BadRecord("json", f"not JSON at character {error.pos + 1}: {error.msg}") from error
    except RecursionError as error:
        raise BadRecord("too_deep", f"JSON nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:  # Python refuses integers of more than 4300 digits
        raise BadRecord("number_out_of_range", "a number with more digits than any amount has") from error
    if "\\u" in text:
        check_text(value)
    return value


def dump(value: Any) -> str:
    """``value`` as compact JSON; a Decimal becomes a JSON number with the same digits, never a float."""
    try:
        return COMPACT.encode(value)
    except TypeError:  # a Decimal, which the fast encoder does not know
        return "".join(_pieces(value))


def canonical(value: Any) -> str:
    """One text for equal values: keys sorted, no blanks. For comparing and hashing, not for storing."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_marked)


def check_text(value: Any) -> None:
    """Raise BadRecord ``nul`` or ``encoding`` for text in ``value`` that Postgres cannot store."""
    if isinstance(value, str):
        if "\x00" in value:
            raise BadRecord("nul", "a text holds the character NUL (\\u0000), which no database text can; remove it")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise BadRecord("encoding", "a text holds half of a surrogate pair (\\ud800 to \\udfff)") from error
    elif isinstance(value, dict):
        for key, inner in value.items():
            check_text(key)
            check_text(inner)
    elif isinstance(value, list):
        for inner in value:
            check_text(inner)


def depth(text: str) -> int:
    """How deep brackets nest in ``text``, those inside strings not counted."""
    deepest = level = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            level += 1
            deepest = max(deepest, level)
        elif character in "]}":
            level -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise BadRecord(
            "duplicate_key", f"the key {repeated!r} stands twice in one object; which value counts is not said"
        )
    return found


def _exact(text: str) -> Decimal:
    number = Decimal(text)
    if number and abs(number.adjusted()) > MAX_MAGNITUDE:
        raise BadRecord("number_out_of_range", "a number beyond 1e300, which no amount is")
    return number


def _no_constant(name: str) -> NoReturn:
    raise BadRecord("not_a_number", f"{name} is not JSON; a missing number is null")


def _marked(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"\x00number": str(value)}
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _pieces(value: Any) -> list[str]:
    if isinstance(value, Decimal):
        return [_number(value)]
    if isinstance(value, dict):
        pieces = ["{"]
        for index, (key, inner) in enumerate(value.items()):
            pieces.append(f"{',' if index else ''}{json.dumps(key, ensure_ascii=False)}:")
            pieces.extend(_pieces(inner))
        return [*pieces, "}"]
    if isinstance(value, list):
        pieces = ["["]
        for index, inner in enumerate(value):
            if index:
                pieces.append(",")
            pieces.extend(_pieces(inner))
        return [*pieces, "]"]
    return [json.dumps(value, ensure_ascii=False)]


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise BadRecord("not_a_number", f"{value} is no number")
    return str(value)


COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_exact, parse_constant=_no_constant)
