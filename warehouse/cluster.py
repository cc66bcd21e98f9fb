"""One Postgres cluster on disk and its server: make, start, stop, ask.

The launcher above (``embedded``) decides places, port and password; tests use this module for scratch clusters.
When root runs this for another user, it writes nothing inside that user's folders: settings go on the command line.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from warehouse.binaries import Binaries
from warehouse.errors import EmbeddedError
from warehouse.unprivileged import Account, make_folder

HOST = "127.0.0.1"
SUPERUSER = "tieout"
START_SECONDS = 300  # a server that replays its log after a crash; one that dies is noticed at once
STOP_SECONDS = 300  # gigabytes of changed buffers are written out first
PORT_ATTEMPTS = 5
LOG_LIMIT_BYTES = 16 * 1024 * 1024
BUILTIN_LOCALE_SINCE = 17
PID_FILE_LINES = 8
FIXED_SETTINGS: Mapping[str, str] = {
    # loopback TCP with a password is the only way in
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "60",
    # a query over a year of daily usage partitions locks every partition and every index of it
    "max_locks_per_transaction": "512",
    # a killed dbt leaves its statement running, and the statement commits, unless the server looks at the socket
    "client_connection_check_interval": "1s",
    # one machine, no replicas: bulk loads into a table made in the same transaction need no log
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class Postmaster:
    """A running server, as its pid file tells it."""

    pid: int
    port: int


@dataclass
class Cluster:
    """A data folder ``home/data`` with its log ``home/server.log``, owned and run by ``account``."""

    home: Path
    binaries: Binaries
    account: Account
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.home / "server.log"

    def exists(self) -> bool:
        """True when the cluster has been made, completely."""
        return (self.data / "PG_VERSION").exists()

    def create(self, password: str) -> None:
        """Make the cluster with the superuser ``tieout``, whole or not at all.

        Raises EmbeddedError when the programs do not run or the place cannot be written.
        """
        make_folder(self.home.parent)
        self.home.mkdir(mode=0o700, exist_ok=True)
        self._give(self.home)
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = self.home.parent / f".password-{secrets.token_hex(8)}"
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as handle:
                handle.write(password)
            self._give(password_file)
            self._run(
                "initdb", "--pgdata", str(unfinished), "--username", SUPERUSER, "--pwfile", str(password_file),
                "--auth", "scram-sha-256", "--encoding", "UTF8", *self._locale(), "--no-instructions",
            )  # fmt: skip
        finally:
            password_file.unlink(missing_ok=True)
        unfinished.rename(self.data)

    def start(self, preferred_port: int) -> Postmaster:
        """Start the server on ``preferred_port`` or the next free one and wait until it answers.

        Raises EmbeddedError with the end of the server's log when it does not come up.
        """
        running = self._settled()
        if running:
            return running
        self._drop_foreign_pid_file()
        self._rotate_log()
        port = preferred_port
        for _ in range(PORT_ATTEMPTS):
            port = free_port(port)
            said_before = self.log.stat().st_size if self.log.exists() else 0
            try:
                self._run(
                    "pg_ctl", "start", "--pgdata", str(self.data), "--log", str(self.log), "--wait", "--silent",
                    "--timeout", str(START_SECONDS), "--options", self._options(port),
                )  # fmt: skip
            except EmbeddedError:
                said = self._log_since(said_before)
                if "pre-existing shared memory block" in said:
                    time.sleep(1)  # the children of a killed server take a moment to notice and leave
                elif "could not bind" in said:
                    port += 1  # somebody took the port after we looked
                else:
                    raise
            else:
                started = self.running()
                if started:
                    return started
        raise EmbeddedError(f"The embedded Postgres did not start. Its log {self.log} ends:\n{self.log_tail()}")

    def stop(self, mode: str = "fast") -> bool:
        """Stop the server and wait; False when it was not running.

        ``fast`` rolls back what runs and writes everything out, ``immediate`` leaves recovery to the next start.
        """
        if not self._settled():
            return False
        self._run(
            "pg_ctl", "stop", "--pgdata", str(self.data), "--mode", mode, "--wait", "--silent",
            "--timeout", str(STOP_SECONDS),
        )  # fmt: skip
        return True

    def running(self) -> Postmaster | None:
        """The server of this data folder, when it is alive and past its start."""
        lines = self._pid_file()
        if len(lines) < PID_FILE_LINES or lines[7].strip() != "ready":
            return None
        pid = int(lines[0])
        return Postmaster(pid, int(lines[3])) if self._is_our_server(pid) else None

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of the server's log."""
        return "\n".join(self._log_since(0).splitlines()[-lines:])

    def _settled(self) -> Postmaster | None:
        """As ``running``, but a server that is just starting or stopping is waited for."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            running = self.running()
            if running:
                return running
            lines = self._pid_file()
            if not (lines and lines[0].strip().isdigit() and self._is_our_server(int(lines[0]))):
                return None
            time.sleep(0.1)
        return None

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _is_our_server(self, pid: int) -> bool:
        """True when the process is a Postgres server that works in this very data folder.

        A pid alone proves nothing: after a reboot, or in a restarted container, it belongs to somebody else.
        """
        try:
            process = psutil.Process(pid)
            return process.name().startswith(("postgres", "postmaster")) and Path(process.cwd()) == self.data.resolve()
        except psutil.Error:
            return False

    def _drop_foreign_pid_file(self) -> None:
        """Remove a pid file whose pid now belongs to another program, which would keep Postgres from starting.

        A pid file of a dead process stays: Postgres replaces it itself, after its own check for surviving children.
        """
        if not (self.data / "postmaster.pid").exists():
            return
        written = next(iter(self._pid_file()), "").strip()
        if not written.isdigit() or (psutil.pid_exists(int(written)) and not self._is_our_server(int(written))):
            (self.data / "postmaster.pid").unlink()

    def _options(self, port: int) -> str:
        settings = {**FIXED_SETTINGS, **self.settings, "port": str(port)}
        return " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())

    def _locale(self) -> list[str]:
        # the same order of text on every machine, whatever locales it has
        if self.binaries.major >= BUILTIN_LOCALE_SINCE:
            return ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        return ["--locale", "C"]

    def _rotate_log(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > LOG_LIMIT_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))

    def _log_since(self, offset: int) -> str:
        try:
            with self.log.open("rb") as handle:
                handle.seek(offset)
                return handle.read(LOG_LIMIT_BYTES).decode(errors="backslashreplace")
        except FileNotFoundError:
            return ""

    def _give(self, path: Path) -> None:
        if not self.account.is_self:
            os.chown(path, self.account.uid, self.account.gid)

    def _run(self, program: str, *arguments: str) -> None:
        """Run a program as the cluster's user, away from the caller's terminal and PG* settings."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        other = None if self.account.is_self else self.account
        # a file and no pipe: a server that kept the pipe open would make us wait for its end
        with tempfile.TemporaryFile() as out:
            try:
                done = subprocess.run(
                    [self.binaries.program(program), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    cwd=self.home,
                    env={**environment, "LC_ALL": "C", "TZ": "UTC"},
                    start_new_session=True,
                    check=False,
                    user=other.uid if other else None,
                    group=other.gid if other else None,
                    extra_groups=[] if other else None,
                )
            except OSError as error:
                raise EmbeddedError(f"{program} cannot be run as {self.account.name}: {error}") from error
            out.seek(0)
            said = out.read().decode(errors="backslashreplace").strip()
        if done.returncode != 0:
            raise EmbeddedError(f"{program} failed: {said}\n{self.log_tail()}".strip())


def free_port(wanted: int) -> int:
    """``wanted`` when nobody listens there on loopback, else the next free port above it."""
    for port in range(wanted, wanted + 500):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Postgres does: TIME_WAIT is no listener
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise EmbeddedError(f"No free port on {HOST} between {wanted} and {wanted + 500}.")
