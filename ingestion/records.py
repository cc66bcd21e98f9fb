"""What a reader hands on: a record, a rejected record, or the refusal of a whole file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class FileRefused(Exception):
    """The file as a whole cannot be loaded; nothing of it lands. ``reason`` is one word, ``detail`` says the remedy."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class BadRecord(Exception):
    """One record cannot be read; the reader turns it into a Reject."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file.

    ``line_no`` is its place in the file: the physical line where it starts, counted on where a line holds several.
    ``fields`` are its values by name, ``payload`` the JSON text that is stored, with numbers as they were written.
    """

    line_no: int
    fields: dict[str, Any]
    payload: str


@dataclass(frozen=True, slots=True)
class Reject:
    r"""One record that does not enter raw. ``raw`` is what was delivered, bytes that are no text as \x escapes."""

    line_no: int
    reason: str
    detail: str
    raw: str
    record_id: str | None = None


def readable(raw: bytes | str) -> str:
    r"""``raw`` as text that Postgres can store: what is no UTF-8, NUL and lone surrogates become \x or \u escapes."""
    text = raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else raw
    if "\x00" in text:
        text = text.replace("\x00", "\\x00")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
