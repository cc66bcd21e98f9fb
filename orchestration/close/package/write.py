"""Writing the close package of a month into a folder: all files and then the manifest, or nothing that looks whole."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg

from orchestration.close.closing import CloseRefused
from orchestration.close.package.document import make_document
from orchestration.close.package.erp_import import detail_file, import_file, read_journal
from orchestration.close.package.manifest import NAME, digest_of, manifest_of
from orchestration.close.package.recorded import read_closed_month
from orchestration.close.package.workbook import make_workbook
from warehouse.connection import connect
from warehouse.settings import get_settings

# Everything that is read is of one moment.
ONE_MOMENT = "set transaction isolation level repeatable read read only"


@dataclass(frozen=True)
class Package:
    """Where a package stands, its files, the SHA-256 of its manifest, and check cells that are not 0."""

    folder: Path
    files: list[Path]
    manifest_sha256: str
    checks: int
    not_zero: dict[str, int]


def folder_of(entity: str, period: date) -> Path:
    """Where the package of a month is written unless somebody says where."""
    return get_settings().state_dir.resolve() / "packages" / _stem(entity, period)


def write_package(entity: str, period: date, folder: Path | None = None) -> Package:
    """Write the package of a closed month; the same close gives the same bytes, whenever and by whomever.

    Raises CloseRefused when the month is not closed, is not what it was closed with, or cannot be shown exactly.
    """
    target = folder_of(entity, period) if folder is None else folder
    target.mkdir(parents=True, exist_ok=True)
    stem = _stem(entity, period)
    with tempfile.TemporaryDirectory(prefix=".package-", dir=target) as scratch:
        made = Path(scratch)
        try:
            with connect("auditor", application_name="tieout close package") as connection:
                connection.execute(ONE_MOMENT)
                month = read_closed_month(connection, entity, period)
                journal = read_journal(connection, month)
                _write(made / f"erp-journal-{stem}-detail.csv", detail_file(connection, month, journal))
        except psycopg.errors.UndefinedTable as missing:
            raise CloseRefused(f"Not built yet: {missing.diag.message_primary}. Run: tieout build") from missing
        workbook = make_workbook(month, journal)
        _write(made / f"erp-journal-{stem}.csv", [import_file(month, journal)])
        _write(made / f"close-{stem}.xlsx", [workbook.content])
        _write(made / f"close-{stem}.pdf", [make_document(month, journal, workbook)])
        files = {path.name: (path.stat().st_size, digest_of(path)) for path in made.iterdir()}
        _write(made / NAME, [manifest_of(month, files, workbook)])
        _put(made, target, sorted(files))
    written = [target / name for name in sorted(files)]
    return Package(target, written, digest_of(target / NAME), workbook.checks, workbook.not_zero)


def _put(made: Path, target: Path, names: list[str]) -> None:
    """Without a manifest a folder is no package: it goes first and comes last."""
    (target / NAME).unlink(missing_ok=True)
    for name in [*names, NAME]:
        (made / name).replace(target / name)


def _write(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(parts)


def _stem(entity: str, period: date) -> str:
    return f"{re.sub(r'[^A-Za-z0-9_-]', '_', entity)}-{period:%Y-%m}"
