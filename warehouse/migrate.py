"""Numbered, forward-only migrations: each file runs once, in one transaction together with its record.

After them the time zones are filled in anew where this version brings another release of the zone database.

A file runs as tieout_owner, so that everything it makes belongs to that role. The first line ``-- as: login`` makes
it run as the login user, which making roles needs, and ``-- as: transformer`` as tieout_transformer.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from warehouse import connection as warehouse_connection
from warehouse import embedded, zones
from warehouse.errors import MigrationError
from warehouse.settings import get_settings

FOLDER = Path(__file__).parent / "migrations"
FILE_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
RUNS_AS = re.compile(r"-- as: (login|owner|transformer)\n")
MIGRATION_LOCK = "tieout migrations"
RECORD = """
    create table if not exists ops.migrations (
        number integer primary key,
        name text not null unique,
        checksum text not null,
        applied_at timestamptz not null default clock_timestamp()
    )
"""


@dataclass(frozen=True)
class Migration:
    """One file: its number, name and the SHA-256 of its text."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """Does not change with line endings, which git may turn."""
        return hashlib.sha256(self.text.replace("\r\n", "\n").encode()).hexdigest()

    @property
    def role(self) -> str | None:
        """The role it runs as; None for the login user."""
        match = RUNS_AS.match(self.text)
        name = match[1] if match else "owner"
        return None if name == "login" else f"tieout_{name}"


def available(folder: Path = FOLDER) -> list[Migration]:
    """The migrations on disk in order. Raises MigrationError for a badly named file or a gap in the numbers."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = FILE_NAME.match(path.name)
        if not match:
            raise MigrationError(f"{path.name} is not named NNNN_what_it_does.sql.")
        found.append(Migration(int(match[1]), path.stem, path.read_text(encoding="utf-8")))
    numbers = [migration.number for migration in found]
    if numbers != list(range(1, len(found) + 1)):
        raise MigrationError(f"Migrations must be numbered from 1 without gap or repetition; found {numbers}.")
    return found


def applied(connection: psycopg.Connection[Any]) -> dict[int, tuple[str, str]]:
    """Number to (name, checksum) of what this database has; empty for a fresh one."""
    if connection.execute("select to_regclass('ops.migrations')").fetchone() == (None,):
        return {}
    rows = connection.execute("select number, name, checksum from ops.migrations order by number").fetchall()
    return {number: (name, checksum) for number, name, checksum in rows}


def pending(connection: psycopg.Connection[Any], folder: Path = FOLDER) -> list[Migration]:
    """What is still to run. Raises MigrationError when an applied file was changed, or is unknown to this version."""
    done = applied(connection)
    files = available(folder)
    known = {migration.number for migration in files}
    newer = sorted(set(done) - known)
    if newer:
        raise MigrationError(
            f"The warehouse has migration {done[newer[-1]][0]}, which this version of tieout does not know. "
            "Install the newer version; migrations do not go back."
        )
    for migration in files:
        if migration.number in done and done[migration.number] != (migration.name, migration.checksum):
            raise MigrationError(
                f"Migration {migration.name} was applied as {done[migration.number][0]} with other text. "
                "An applied migration must not change: restore the file and write a new migration. A warehouse that "
                "was only a trial can be thrown away instead: stop it and remove its state folder or database."
            )
    return [migration for migration in files if migration.number not in done]


def migrate(conn_url: str | None = None, folder: Path = FOLDER) -> list[str]:
    """Bring the warehouse up to this version; the names of what ran now, empty when there was nothing to do.

    Two callers at once wait for each other. Raises MigrationError as ``pending`` does, and psycopg's error when a
    file fails, in which case that file has left no trace.
    """
    ran = []
    with psycopg.connect(conn_url or warehouse_connection.ensure_started(), autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (MIGRATION_LOCK,))
        if not applied(connection):
            with connection.transaction():
                connection.execute("create schema if not exists ops")
                connection.execute(RECORD)
        for migration in pending(connection, folder):
            with connection.transaction():
                if migration.role:
                    connection.execute(sql.SQL("set local role {}").format(sql.Identifier(migration.role)))
                # no parameters, so that the file's several statements go in one message
                connection.execute(migration.text.encode())
                connection.execute("reset role")
                connection.execute(
                    "insert into ops.migrations (number, name, checksum) values (%s, %s, %s)",
                    (migration.number, migration.name, migration.checksum),
                )
            ran.append(migration.name)
        zones.fill(connection)
        if conn_url is None and get_settings().warehouse_url is None:
            embedded.ensure_reader(connection)
    return ran
