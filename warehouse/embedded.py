"""The embedded Postgres: where it lives, its password and port, and the door to start and stop it.

State folder (``TIEOUT_STATE_DIR``)::

    embedded/launcher.lock    held while somebody starts or stops the server
    embedded/password         of the superuser ``tieout``, mode 0600
    embedded/reader-password  of the login ``tieout_reader``, which can only read, mode 0600
    embedded/pg18.port        the remembered port
    embedded/pg18/            the cluster, when the server's user can get there

Root cannot run Postgres, so root's server runs as an existing user without rights, and where that user may not pass
(root's home is closed, and stays closed) the cluster and a copy of the programs stand below /var/lib/tieout.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from warehouse import binaries, machine
from warehouse.cluster import HOST, SUPERUSER, Cluster
from warehouse.errors import EmbeddedError
from warehouse.settings import Settings, get_settings
from warehouse.unprivileged import Account, can_reach, make_folder, owner_account, server_account

DATABASE = "tieout"
READER = "tieout_reader"
READER_SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "2min",
    "timezone": "UTC",
}
ROOT_PLACE = Path("/var/lib/tieout")
# below the range that systems hand out for outgoing connections, so the remembered port stays free
FIRST_PORT, PORT_SPAN = 21000, 9000


@dataclass(frozen=True)
class Connection:
    """How to reach the embedded warehouse."""

    host: str
    port: int
    user: str
    password: str
    database: str

    def __repr__(self) -> str:
        return f"Connection({self.user}@{self.host}:{self.port}/{self.database})"  # logs never show the password

    @property
    def url(self) -> str:
        """A libpq URL with the password in it."""
        return f"postgresql://{self.user}:{quote(self.password, safe='')}@{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True)
class Status:
    """What is known without starting anything."""

    created: bool
    running: bool
    pid: int | None
    port: int | None
    major: int
    data: Path
    log: Path


def start(settings: Settings | None = None) -> Connection:
    """Make the cluster if it is not there, start it if it does not run, and say how to reach it.

    Safe to call from several processes at once. Raises EmbeddedError when the server does not come up.
    """
    settings = settings or get_settings()
    folder = _folder(settings)
    try:
        running = _cluster(settings).running()
        password = _read(folder / "password")
        # the port is written last, so where it stands the database has been made
        if running and password and _read(_port_file(settings)) == str(running.port):
            return Connection(HOST, running.port, SUPERUSER, password, DATABASE)
        make_folder(folder)
        with _launcher_lock(folder):
            return _start(settings)
    except PermissionError as error:
        raise EmbeddedError(
            f"There is no permission for {error.filename}. Set TIEOUT_STATE_DIR to a folder of your own, "
            "or TIEOUT_WAREHOUSE_URL to a Postgres of your own."
        ) from error


def stop(settings: Settings | None = None) -> bool:
    """Stop the server; what runs is cancelled and rolled back. False when it was not running."""
    settings = settings or get_settings()
    cluster = _cluster(settings)
    if not cluster.exists():
        return False
    with _launcher_lock(_folder(settings)):
        return cluster.stop()


def status(settings: Settings | None = None) -> Status:
    """Look, and change nothing."""
    settings = settings or get_settings()
    cluster = _cluster(settings)
    running = cluster.running()
    return Status(
        created=cluster.exists(),
        running=running is not None,
        pid=running.pid if running else None,
        port=running.port if running else None,
        major=cluster.binaries.major,
        data=cluster.data,
        log=cluster.log,
    )


def how_to_connect(settings: Settings | None = None) -> dict[str, str]:
    """Shell lines for people, by purpose; empty when the server does not run.

    The password is read from its file, so that no line shows it.
    """
    settings = settings or get_settings()
    folder = _folder(settings).resolve()
    port = status(settings).port
    if port is None:
        return {}
    psql = shlex.quote(binaries.shipped(settings.embedded_major).program("psql"))

    def line(user: str, password_file: str) -> str:
        secret = shlex.quote(str(folder / password_file))
        return f'PGPASSWORD="$(cat {secret})" {psql} -h {HOST} -p {port} -U {user} {DATABASE}'

    lines = {"everything": line(SUPERUSER, "password")}
    if (folder / "reader-password").exists():
        lines["read-only analyst"] = line(READER, "reader-password")
    return lines


def ensure_reader(connection: psycopg.Connection[Any], settings: Settings | None = None) -> None:
    """Give analysts a login that is a member of tieout_analyst and of nothing else."""
    password = _secret(_folder(settings or get_settings()) / "reader-password")
    reader = sql.Identifier(READER)
    if not connection.execute("select 1 from pg_roles where rolname = %s", (READER,)).fetchone():
        connection.execute(sql.SQL("create role {} login in role tieout_analyst").format(reader))
        for name, value in READER_SETTINGS.items():
            connection.execute(
                sql.SQL("alter role {} set {} to {}").format(reader, sql.Identifier(name), sql.Literal(value))
            )
    connection.execute(sql.SQL("alter role {} password {}").format(reader, sql.Literal(password)))


def _start(settings: Settings) -> Connection:
    cluster = _cluster(settings)
    cluster.binaries = binaries.reachable(cluster.binaries, cluster.account, ROOT_PLACE)
    password = _secret(_folder(settings) / "password")
    if not cluster.exists():
        cluster.create(password)
    started = cluster.start(_preferred_port(settings))
    connection = Connection(HOST, started.port, SUPERUSER, password, DATABASE)
    _create_database(connection)
    _replace(_port_file(settings), str(started.port))
    return connection


def _folder(settings: Settings) -> Path:
    return settings.state_dir.expanduser().absolute() / "embedded"


def _cluster(settings: Settings) -> Cluster:
    account, home = _account_and_home(settings)
    return Cluster(home, binaries.shipped(settings.embedded_major), account, _tuning())


def _account_and_home(settings: Settings) -> tuple[Account, Path]:
    """A cluster that is there stays where it is and with its owner; a new one goes where its user can get."""
    name = f"pg{settings.embedded_major}"
    inside = _folder(settings).resolve() / name
    outside = ROOT_PLACE / f"state-{_fingerprint(settings):012x}" / name
    for home in (inside, outside):
        if home.exists():
            return owner_account(home), home
    account = server_account(settings.postgres_user)
    return account, inside if can_reach(account, inside.parent) else outside


def _tuning() -> dict[str, str]:
    tuning = machine.memory_settings(machine.memory_bytes(), machine.cpu_count())
    if machine.shared_memory_is_small():
        tuning["dynamic_shared_memory_type"] = "mmap"
    return tuning


def _fingerprint(settings: Settings) -> int:
    return int.from_bytes(hashlib.sha256(str(_folder(settings).resolve()).encode()).digest()[:6], "big")


def _port_file(settings: Settings) -> Path:
    return _folder(settings) / f"pg{settings.embedded_major}.port"


def _preferred_port(settings: Settings) -> int:
    remembered = _read(_port_file(settings)) or ""
    return int(remembered) if remembered.isdigit() else FIRST_PORT + _fingerprint(settings) % PORT_SPAN


def _create_database(connection: Connection) -> None:
    with psycopg.connect(
        host=connection.host,
        port=connection.port,
        user=connection.user,
        password=connection.password,
        dbname="postgres",
        autocommit=True,
    ) as maintenance:
        if not maintenance.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
            maintenance.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except FileNotFoundError:
        return None


def _secret(path: Path) -> str:
    """The secret in ``path``, made on first use."""
    known = _read(path)
    if known:
        return known
    fresh = secrets.token_urlsafe(24)
    _replace(path, fresh)
    return fresh


def _replace(path: Path, text: str) -> None:
    """Write a small file that only its owner reads; it changes as a whole or not at all."""
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    scratch.replace(path)


@contextlib.contextmanager
def _launcher_lock(folder: Path) -> Iterator[None]:
    """Let one process at a time make, start or stop the cluster; the kernel frees the lock of a killed one."""
    with (folder / "launcher.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
