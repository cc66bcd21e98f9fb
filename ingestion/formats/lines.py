"""Physical lines of a text file, with the line number, as bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused

BOM = b"\xef\xbb\xbf"
FOREIGN_BOMS = (b"\xff\xfe", b"\xfe\xff")
MAX_LINE_BYTES = 32 << 20


def physical_lines(source: Source, stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Line number from 1 and the line with its line end. A UTF-8 byte order mark is taken off the first line.

    Raises FileRefused ``encoding`` for UTF-16, and ``line_too_long`` for a line beyond what a record can be.
    """
    line_no = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        line_no += 1
        if line_no == 1:
            line = _without_mark(source, line)
        if len(line) > MAX_LINE_BYTES:
            raise FileRefused(
                "line_too_long",
                f"{source.at(line_no)} is longer than {MAX_LINE_BYTES >> 20} MB; is it really one record?",
            )
        yield line_no, line


def strict_text(line: bytes) -> str:
    """``line`` as text. Raises BadRecord ``encoding`` or ``nul``, naming the byte."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRecord(
            "encoding",
            f"byte {error.start + 1} of the line (0x{line[error.start]:02x}) is no UTF-8; write the file as UTF-8",
        ) from error
    if "\x00" in text:
        raise BadRecord("nul", f"byte {line.index(0) + 1} of the line is NUL; the file was damaged on its way")
    return text


def _without_mark(source: Source, line: bytes) -> bytes:
    if line.startswith(FOREIGN_BOMS):
        raise FileRefused("encoding", f"{source.label} is UTF-16; write it as UTF-8")
    return line.removeprefix(BOM)
