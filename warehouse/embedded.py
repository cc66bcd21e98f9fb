"""The embedded Postgres: where it lives, its password and port, and the door to start and stop it.

State folder (``TIEOUT_STATE_DIR``)::

    embedded/launcher.lock    held while somebody starts or stops the server
    embedded/password         of the superuser ``tieout``, mode 0600
    embedded/reader-password  of the login ``tieout_reader``, which can only read, mode 0600
    embedded/pg18.json        where the data folder is and the remembered port
    embedded/pg18/            the cluster, when the server's user can get there

Root cannot run Postgres, so root's server runs as an existing user without rights, and where that user may not pass
(root's home is closed, and stays closed) the cluster and a copy of the programs stand below /var/lib/tieout.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from warehouse import binaries, machine
from warehouse.cluster import HOST, SUPERUSER, Cluster
from warehouse.settings import Settings, get_settings
from warehouse.unprivileged import can_reach, server_account

DATABASE = "tieout"
READER = "tieout_reader"
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

    @property
    def url(self) -> str:
        """A libpq URL with the password in it."""
        return f"postgresql://{self.user}:{quote(self.password)}@{self.host}:{self.port}/{self.database}"


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
    cluster = _cluster(settings, folder)
    password = _read(folder / "password")
    running = cluster.running() if password and _database_made(settings, folder) else None
    if running and password:
        return Connection(HOST, running.port, SUPERUSER, password, DATABASE)
    with _launcher_lock(folder):
        password = _secret(folder / "password")
        if not cluster.exists():
            cluster.create(password)
        started = cluster.start(_remembered_port(settings, folder))
        connection = Connection(HOST, started.port, SUPERUSER, password, DATABASE)
        _create_database(connection)
        _remember(settings, folder, cluster, started.port)
    return connection


def stop(settings: Settings | None = None) -> bool:
    """Stop the server, letting running statements be cancelled and rolled back. False when it was not running."""
    settings = settings or get_settings()
    folder = _folder(settings)
    cluster = _cluster(settings, folder)
    if not cluster.exists():
        return False
    with _launcher_lock(folder):
        return cluster.stop()


def status(settings: Settings | None = None) -> Status:
    """Look, and change nothing."""
    settings = settings or get_settings()
    cluster = _cluster(settings, settings.state_dir / "embedded")
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
    """Command lines for people, by purpose. The password is read from its file, so no line shows it."""
    settings = settings or get_settings()
    folder = (settings.state_dir / "embedded").resolve()
    port = status(settings).port
    if port is None:
        return {}
    psql = binaries.shipped(settings.embedded_major).program("psql")

    def line(user: str, password_file: str) -> str:
        return f'PGPASSWORD="$(cat {folder / password_file})" {psql} -h {HOST} -p {port} -U {user} {DATABASE}'

    lines = {"everything": line(SUPERUSER, "password")}
    if (folder / "reader-password").exists():
        lines["read-only analyst"] = line(READER, "reader-password")
    return lines


def ensure_reader(connection: psycopg.Connection[tuple[object, ...]], settings: Settings | None = None) -> None:
    """Give analysts a login that is a member of tieout_analyst and of nothing else."""
    settings = settings or get_settings()
    password = _secret(_folder(settings) / "reader-password")
    exists = connection.execute("select 1 from pg_roles where rolname = %s", (READER,)).fetchone()
    reader = sql.Identifier(READER)
    if not exists:
        connection.execute(sql.SQL("create role {} login in role tieout_analyst").format(reader))
    connection.execute(sql.SQL("alter role {} password {}").format(reader, sql.Literal(password)))
    for name, value in (("default_transaction_read_only", "on"), ("statement_timeout", "5min"), ("timezone", "UTC")):
        connection.execute(
            sql.SQL("alter role {} set {} to {}").format(reader, sql.Identifier(name), sql.Literal(value))
        )


def _folder(settings: Settings) -> Path:
    """The launcher's own folder. Folders made on the way can be passed but not listed by others."""
    folder = settings.state_dir / "embedded"
    missing = [part for part in [folder, *folder.parents] if not part.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for part in missing:
        part.chmod(0o711)
    return folder


def _cluster(settings: Settings, folder: Path) -> Cluster:
    account = server_account(settings.postgres_user)
    programs = binaries.reachable(binaries.shipped(settings.embedded_major), account, ROOT_PLACE)
    remembered = _memory(settings, folder).get("home")
    return Cluster(
        home=Path(str(remembered)) if remembered else _home(settings, folder, account),
        binaries=programs,
        account=account,
        settings=_tuning(),
    )


def _home(settings: Settings, folder: Path, account: object) -> Path:
    from warehouse.unprivileged import Account

    assert isinstance(account, Account)
    name = f"pg{settings.embedded_major}"
    if can_reach(account, folder):
        return folder.resolve() / name
    return ROOT_PLACE / f"state-{_fingerprint(folder):012x}" / name


def _tuning() -> dict[str, str]:
    tuning = machine.memory_settings(machine.memory_bytes(), machine.cpu_count())
    if machine.shared_memory_is_small():
        tuning["dynamic_shared_memory_type"] = "mmap"
    return tuning


def _fingerprint(folder: Path) -> int:
    return int.from_bytes(hashlib.sha256(str(folder.resolve()).encode()).digest()[:6], "big")


def _memory_file(settings: Settings, folder: Path) -> Path:
    return folder / f"pg{settings.embedded_major}.json"


def _memory(settings: Settings, folder: Path) -> dict[str, object]:
    try:
        memory = json.loads(_memory_file(settings, folder).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return memory if isinstance(memory, dict) else {}


def _database_made(settings: Settings, folder: Path) -> bool:
    return "port" in _memory(settings, folder)


def _remembered_port(settings: Settings, folder: Path) -> int:
    port = _memory(settings, folder).get("port")
    return port if isinstance(port, int) else FIRST_PORT + _fingerprint(folder) % PORT_SPAN


def _remember(settings: Settings, folder: Path, cluster: Cluster, port: int) -> None:
    _replace(_memory_file(settings, folder), json.dumps({"home": str(cluster.home), "port": port}))


def _create_database(connection: Connection) -> None:
    with psycopg.connect(
        host=connection.host, port=connection.port, user=connection.user, password=connection.password,
        dbname="postgres", autocommit=True,
    ) as maintenance:  # fmt: skip
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
