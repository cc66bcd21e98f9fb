"""CSV (RFC 4180, comma, UTF-8), strictly: every value text, a ragged row or a stray quote costs that row alone.

Delimiter and encoding are others only where a bank's profile says so. Python's reader accepts ragged rows, and an
unclosed quote makes it swallow the rest of the file without a word. Here a record is a line; only one whose quotes
close further down, with as many values as the header then, spans lines.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ingestion.formats.lines import physical_lines, strict_text
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused, Record, Reject, readable

MAX_LINES_OF_A_RECORD = 200
LONGEST_VALUE = 8 << 20
OPEN_QUOTE = "unexpected end of data"
UTF_8 = "utf-8"

csv.field_size_limit(LONGEST_VALUE)

Header = Callable[[list[str]], None]


def read(source: Source, null_texts: frozenset[str], check_header: Header) -> Iterator[Record | Reject]:
    """Every row below the header. An empty value, and one in ``null_texts``, is null; all others are text as written.

    ``check_header`` gets the column names and may raise FileRefused. Blank lines are no rows.
    """
    for line_no, row, columns in rows(source, check_header):
        if isinstance(row, Reject):
            yield row
            continue
        fields = {
            name: None if not value or value in null_texts else value for name, value in zip(columns, row, strict=True)
        }
        yield Record(line_no, fields, json.dumps(fields, ensure_ascii=False))


def rows(
    source: Source,
    check_header: Header,
    *,
    trailing_comma: bool = False,
    delimiter: str = ",",
    encoding: str = UTF_8,
) -> Iterator[tuple[int, list[str] | Reject, list[str]]]:
    """Line number, values (as many as the header has) or the reject, and the header, for every row.

    With ``trailing_comma`` the header may end in a comma; its last, nameless column is then part of every row.
    """
    form = _Form(delimiter, encoding)
    with source.open() as stream:
        lines = _Lines(physical_lines(source, stream))
        columns: list[str] = []
        for line_no, line in lines:
            if not line.strip():
                continue
            if not columns:
                columns = _header(source, line_no, line, form, check_header, trailing_comma)
                continue
            try:
                yield line_no, _row(line, lines, form, len(columns)), columns
            except BadRecord as bad:
                detail = f"{source.at(line_no)}: {bad.detail}"
                yield line_no, Reject(line_no, bad.reason, detail, readable(line.rstrip(b"\r\n"))), columns
        if not columns:
            raise FileRefused("schema", f"{source.label} has no header line; an empty extract still has its header")


@dataclass(frozen=True, slots=True)
class _Form:
    """How lines become values."""

    delimiter: str
    encoding: str

    def text(self, line: bytes) -> str:
        if self.encoding == UTF_8:
            return strict_text(line)
        try:
            return strict_text(line.decode(self.encoding).encode())
        except UnicodeDecodeError as error:
            raise BadRecord("encoding", f"byte {error.start + 1} of the line is no {self.encoding}") from error

    def values(self, text: str) -> list[str]:
        stream = io.StringIO(text, newline="") if "\n" in text else [text]
        try:
            found = list(csv.reader(stream, strict=True, delimiter=self.delimiter))
        except csv.Error as error:
            message = str(error)
            if message == OPEN_QUOTE:
                raise BadRecord("unclosed_quote", OPEN_QUOTE) from error
            raise BadRecord("stray_quote", f"{message}; double a quote that belongs to the text") from error
        if len(found) > 1:
            raise BadRecord("stray_line_end", "a line end that is no line end of the file stands between values")
        return found[0] if found else []


class _Lines:
    """Physical lines that can be looked at before they are taken."""

    def __init__(self, lines: Iterator[tuple[int, bytes]]) -> None:
        self._lines = lines
        self._ahead: list[tuple[int, bytes]] = []

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        return self

    def __next__(self) -> tuple[int, bytes]:
        return self._ahead.pop(0) if self._ahead else next(self._lines)

    def peek(self, index: int) -> bytes | None:
        while len(self._ahead) <= index:
            try:
                self._ahead.append(next(self._lines))
            except StopIteration:
                return None
        return self._ahead[index][1]

    def skip(self, count: int) -> None:
        del self._ahead[:count]


def _header(
    source: Source, line_no: int, line: bytes, form: _Form, check_header: Header, trailing_comma: bool
) -> list[str]:
    try:
        columns = form.values(form.text(line).rstrip("\r\n"))
    except BadRecord as bad:
        raise FileRefused("schema", f"{source.at(line_no)}: the header cannot be read: {bad.detail}") from bad
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated or "" in (columns[:-1] if trailing_comma else columns):
        what = f"the column {repeated[0]!r} stands twice" if repeated and repeated[0] else "a column has no name"
        raise FileRefused("schema", f"{source.at(line_no)}: {what} in the header")
    check_header(columns)
    return columns


def _row(line: bytes, lines: _Lines, form: _Form, width: int) -> list[str]:
    text = form.text(line)
    try:
        values = form.values(text.rstrip("\r\n"))
    except BadRecord as bad:
        if bad.detail != OPEN_QUOTE:
            raise
        values = _spanning(text, lines, form, width)
    if len(values) != width:
        raise BadRecord(
            "ragged_row", f"{len(values)} values where the header has {width}; quote values that hold a comma"
        )
    return values


def _spanning(text: str, lines: _Lines, form: _Form, width: int) -> list[str]:
    """The values of a record whose quoted value goes on in the next lines."""
    for count in range(MAX_LINES_OF_A_RECORD):
        following = lines.peek(count)
        if following is None:
            break
        try:
            text += form.text(following)
            values = form.values(text.rstrip("\r\n"))
        except BadRecord as bad:
            if bad.detail == OPEN_QUOTE:
                continue
            break
        if len(values) != width:
            break
        lines.skip(count + 1)
        return values
    raise BadRecord("unclosed_quote", "a quote is opened and never closed; double a quote that belongs to the text")
