"""GL accounts of the subledger's accounts: effective-dated rows, added from a file, never changed."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from orchestration.close.closing import CloseRefused
from orchestration.queries import rows_of
from warehouse.connection import connect

STANDARD = Path(__file__).parent / "chart_of_accounts.csv"
COLUMNS = ("account", "valid_from", "gl_account", "gl_name")
IN_FORCE = """
    select distinct on (account, valid_from) account, valid_from, gl_account, gl_name, added_by, added_at
    from ledger.account_mappings
    where entity = %(entity)s
    order by account, valid_from, revision desc
"""
ADD = """
    insert into ledger.account_mappings (entity, account, valid_from, gl_account, gl_name, added_by)
    values (%(entity)s, %(account)s, %(valid_from)s, %(gl_account)s, %(gl_name)s, %(who)s)
"""


@dataclass(frozen=True)
class Mapping:
    """GL account of an account from a month on."""

    account: str
    valid_from: date
    gl_account: str
    gl_name: str


def in_force(entity: str) -> list[dict[str, Any]]:
    """Mappings of an entity by account and month; of several for one month the last."""
    return rows_of(IN_FORCE, {"entity": entity})


def read(file: Path) -> list[Mapping]:
    """The rows of a CSV with the columns account, valid_from (YYYY-MM), gl_account, gl_name.

    Raises CloseRefused, naming file and line.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise CloseRefused(f"{file}:1: the columns are {','.join(COLUMNS)}")
            return [_mapping(file, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CloseRefused(f"{file} cannot be read: {error}") from error


def add(entity: str, mappings: list[Mapping], who: str) -> int:
    """Add what is not in force already, all or nothing; how many rows that were. Raises CloseRefused."""
    known = {tuple(row[name] for name in COLUMNS) for row in in_force(entity)}
    new = [one for one in mappings if (one.account, one.valid_from, one.gl_account, one.gl_name) not in known]
    try:
        with connect("closer", application_name="tieout close accounts") as connection:
            for one in new:
                connection.execute(ADD, {"entity": entity, "who": who, **vars(one)})
    except psycopg.errors.ObjectNotInPrerequisiteState as refused:
        raise CloseRefused(f"{refused.diag.message_primary} {refused.diag.message_hint or ''}".strip()) from refused
    return len(new)


def _mapping(file: Path, line: int, row: dict[str, str | None]) -> Mapping:
    values = {name: (row.get(name) or "").strip() for name in COLUMNS}
    empty = [name for name, value in values.items() if not value]
    if empty or len(row) != len(COLUMNS):
        raise CloseRefused(f"{file}:{line}: {', '.join(empty) or 'a column too many'}: four filled columns are needed")
    try:
        valid_from = date.fromisoformat(f"{values['valid_from']}-01")
    except ValueError as error:
        raise CloseRefused(f"{file}:{line}: valid_from is a month, YYYY-MM, not {values['valid_from']!r}") from error
    return Mapping(values["account"], valid_from, values["gl_account"], values["gl_name"])
