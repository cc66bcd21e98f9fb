"""One Postgres cluster on disk and its server: make, start, stop, ask.

The launcher above (``embedded``) decides places, port and password; tests use this module for scratch clusters.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from warehouse.binaries import Binaries
from warehouse.errors import EmbeddedError
from warehouse.unprivileged import Account

HOST = "127.0.0.1"
SUPERUSER = "tieout"
START_SECONDS = 60
PORT_ATTEMPTS = 5
LOG_LIMIT_BYTES = 16 * 1024 * 1024
FIXED_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",  # loopback TCP with a password is the only way in
    "password_encryption": "'scram-sha-256'",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "max_connections": "60",
    # a query over a year of daily usage partitions locks every partition and every index of it
    "max_locks_per_transaction": "512",
    # a killed dbt leaves its statement running, and the statement commits, unless the server looks at the socket
    "client_connection_check_interval": "'1s'",
    # one machine, no replicas: bulk loads into a table made in the same transaction need no log
    "wal_level": "'minimal'",
    "max_wal_senders": "0",
    "max_wal_size": "'4GB'",
    "min_wal_size": "'256MB'",
    "checkpoint_timeout": "'15min'",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_line_prefix": "'%m [%p] %u@%d '",
    "log_min_messages": "'warning'",
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
        return (self.data / "tieout.conf").exists()

    def create(self, password: str) -> None:
        """Make the cluster with the superuser ``tieout``. Half a cluster of an interrupted try is replaced."""
        self._own(self.home)
        if self.data.exists():
            shutil.rmtree(self.data)
        password_file = self.home / f".password-{secrets.token_hex(4)}"
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(password)
        try:
            self._give(password_file)
            self._run(
                "initdb", "--pgdata", str(self.data), "--username", SUPERUSER, "--pwfile", str(password_file),
                "--auth", "scram-sha-256", "--encoding", "UTF8", *self._locale(), "--no-instructions",
            )  # fmt: skip
        finally:
            password_file.unlink(missing_ok=True)
        self._write("pg_hba.conf", f"host all all {HOST}/32 scram-sha-256\n")
        with (self.data / "postgresql.conf").open("a") as handle:
            handle.write("\ninclude 'tieout.conf'\n")
        self._write("tieout.conf", "")

    def start(self, preferred_port: int) -> Postmaster:
        """Start the server on ``preferred_port`` or the next free one and wait until it answers.

        Raises EmbeddedError with the end of the server's log when it does not come up.
        """
        running = self.running()
        if running:
            return running
        self._drop_foreign_pid_file()
        self._rotate_log()
        port = preferred_port
        for _ in range(PORT_ATTEMPTS):
            port = free_port(port)
            self._write("tieout.conf", self._configuration(port))
            try:
                self._run(
                    "pg_ctl", "start", "--pgdata", str(self.data), "--log", str(self.log), "--wait",
                    "--timeout", str(START_SECONDS), "--silent",
                )  # fmt: skip
                started = self.running()
                if started:
                    return started
            except EmbeddedError:
                said = self.log_tail()
                if "pre-existing shared memory block" in said:
                    time.sleep(1)  # the children of a killed server take a moment to notice and leave
                elif "could not bind" in said or "could not create any TCP/IP sockets" in said:
                    port += 1
                else:
                    raise
        raise EmbeddedError(f"The embedded Postgres did not start. Its log {self.log} ends:\n{self.log_tail()}")

    def stop(self, mode: str = "fast") -> bool:
        """Stop the server and wait; False when it was not running."""
        if not self.running():
            return False
        self._run("pg_ctl", "stop", "--pgdata", str(self.data), "--mode", mode, "--wait", "--silent")
        return True

    def running(self) -> Postmaster | None:
        """The server of this data folder, when it is alive and past its start."""
        lines = self._pid_file()
        if len(lines) < 8 or lines[7].strip() != "ready":
            return None
        pid = int(lines[0])
        return Postmaster(pid, int(lines[3])) if self._is_our_server(pid) else None

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of the server's log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="backslashreplace").splitlines()[-lines:])

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
        lines = self._pid_file()
        if not lines:
            return
        try:
            pid = int(lines[0])
        except ValueError:
            (self.data / "postmaster.pid").unlink()
            return
        if psutil.pid_exists(pid) and not self._is_our_server(pid):
            (self.data / "postmaster.pid").unlink()

    def _configuration(self, port: int) -> str:
        settings = {**FIXED_SETTINGS, **self.settings, "port": str(port)}
        return "# written at every start\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())

    def _locale(self) -> list[str]:
        # the same order of text on every machine, whatever locales it has
        if self.binaries.major >= 17:
            return ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        return ["--locale", "C"]

    def _rotate_log(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > LOG_LIMIT_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))

    def _own(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        self._give(directory)

    def _give(self, path: Path) -> None:
        if not self.account.is_self:
            os.chown(path, self.account.uid, self.account.gid)

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text)
        path.chmod(0o600)
        self._give(path)

    def _run(self, program: str, *arguments: str) -> None:
        # a started server keeps the files it inherits, so it gets a file of its own and never the caller's pipe
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        with (self.home / f".{program}.out").open("w+b") as out:
            done = subprocess.run(
                [self.binaries.program(program), *arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=self.home, check=False,
                env={**environment, "LC_ALL": "C", "TZ": "UTC"}, start_new_session=True,
                **self.account.popen_arguments(),
            )  # fmt: skip
            out.seek(0)
            said = out.read().decode(errors="backslashreplace").strip()
        if done.returncode != 0:
            raise EmbeddedError(f"{program} failed ({done.returncode}): {said}\n{self.log_tail()}".strip())


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
