"""Cuts JSON text apart without re-writing it, so that what a system said is kept to the digit.

Parsing and writing again would turn `1.10` into `1.1` and a long decimal into a float. The functions here find where
members and elements start and end, and hand back slices of the text itself. Positions are character offsets.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_LINE_BREAK = re.compile(r"[\r\n]+[ \t]*")
_DECODER = json.JSONDecoder(parse_float=Decimal)


class JsonTextError(ValueError):
    """The text is not the JSON it has to be; the message says where."""


def members(text: str, start: int = 0) -> Iterator[tuple[str, int, int]]:
    """Yields (key, value start, value end) of the object that begins at `start`, in order."""
    at = _expect(text, start, "{")
    if text[at : at + 1] == "}":
        return
    while True:
        key, at = _value(text, at)
        if not isinstance(key, str):
            raise JsonTextError(f"a member has no name at character {at}")
        begin = _expect(text, at, ":")
        _, end = _value(text, begin)
        yield key, begin, end
        at = _skip(text, end)
        if text[at : at + 1] == "}":
            return
        at = _expect(text, at, ",")


def elements(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yields (start, end) of every element of the array that begins at `start`, in order."""
    at = _expect(text, start, "[")
    if text[at : at + 1] == "]":
        return
    while True:
        _, end = _value(text, at)
        yield at, end
        at = _skip(text, end)
        if text[at : at + 1] == "]":
            return
        at = _expect(text, at, ",")


def member(text: str, key: str, start: int = 0) -> tuple[int, int] | None:
    """Where the value of `key` stands in the object that begins at `start`; None when it has no such member."""
    return next(((begin, end) for name, begin, end in members(text, start) if name == key), None)


def array_member(text: str, key: str, start: int = 0) -> list[str]:
    """The elements of the array under `key`, each as its own text.

    Raises:
        JsonTextError: the object has no array of that name.
    """
    found = member(text, key, start)
    if found is None:
        raise JsonTextError(f"there is no {key!r}")
    return [text[begin:end] for begin, end in elements(text, found[0])]


def parse(text: str) -> Any:
    """The value, with decimals exact."""
    return _value(text, _skip(text, 0))[0]


def one_line(text: str) -> str:
    """The same JSON on one line. A string cannot hold a bare line break, so only layout between values is touched."""
    return _LINE_BREAK.sub(" ", text)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, sign: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != sign:
        raise JsonTextError(f"{sign!r} is missing at character {at}")
    return _skip(text, at + 1)


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except (json.JSONDecodeError, RecursionError) as error:
        raise JsonTextError(f"not JSON at character {at}: {error}") from error
